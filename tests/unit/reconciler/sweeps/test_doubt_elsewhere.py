"""What another model's sweep does to a doubt about this one."""

from __future__ import annotations

from charm.kernel.report import Health
from reconciler.sweeps.cross_model import join
from reconciler.sweeps.fleet import Fleet
from reconciler.values.certainty import Certainty
from reconciler.values.readings import Blame, Role
from tests.support.planned import Planned
from tests.support.snapshots import NOW


def test_what_only_warns_elsewhere_explains_nothing_and_leaves_no_doubt() -> None:
    here, there = Planned(), Planned()
    here.app('web', '0')
    here.consume('db', 'provider', 'web', 'db', 'active')
    here.ail('web/0', '500')
    there.app('db', '0')
    there.ail('db/0', 'slow', health=Health.WARN)
    snapshots = {'lab:admin/prod': here.snapshot(), 'lab:admin/other': there.snapshot()}
    joined = join(Fleet(snapshots, NOW, 1.0)).snapshots['lab:admin/prod']
    before, after = (found.services[0].blame for found in (here.snapshot(), joined))
    assert before == Blame(Role.CAUSE, reason='http: 500', certainty=Certainty.LIKELY)
    assert after == Blame(Role.CAUSE, reason='http: 500', certainty=Certainty.CERTAIN)
