"""From answers to readings: nothing but a report that can be read, and is fresh, is good news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health, State, StateName
from charm.kernel.report_json import decode, encode
from reconciler.ask.errands import UnitRequest
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.ask.script_asker import unwrap
from reconciler.collect.interpret import dated_reading, decoder, read_answer, silent_reading
from reconciler.values import typed_report
from reconciler.values.advice import Advice
from reconciler.values.freshness import MAX_AGE_SECONDS, DatedReport
from reconciler.values.model import Model, StatusInfo, Unit
from reconciler.values.outcomes import HEARD, WORDS, advise
from reconciler.values.readings import Outcome, Reading
from tests.support.asked import NOW, model, printed, report

MODEL = model(['web/0'])
UNIT = next(MODEL.units())
HOOK = UnitRequest(UNIT, Request('web/0', '/hook'), shipped=True, hook='/hook')
OWN = replace(HOOK, shipped=False)
AGENT = replace(HOOK, request=Request('web/0', '/hook-agent', by='agent'))
OTHERS = encode(replace(report('web/0'), service='db')).encode()
OWN_AGENT = replace(AGENT, shipped=False)


def read(answer: UnitAnswer, asked: UnitRequest = HOOK) -> Reading:
    return read_answer(MODEL, asked, answer, 'fake, hook', NOW)


def done(stdout: bytes = b'', stderr: bytes = b'', exit_code: int | None = 0) -> UnitAnswer:
    return UnitAnswer(stdout, stderr, exit_code, complete=exit_code is not None)


@pytest.mark.parametrize(
    ('asked', 'answer', 'outcome', 'said'),
    [
        (HOOK, done(printed('web/0')), Outcome.REPORTED, '1 check passed'),
        (HOOK, done(b'', b'', 127), Outcome.HOOK_MISSING, 'not where'),
        (OWN, done(b'', b'', 127), Outcome.NOT_SHIPPED, 'juju status says'),
        (HOOK, done(b'', b'env: no python', 127), Outcome.HOOK_BROKEN, '127: env: no python'),
        (HOOK, done(b'', b'', 126), Outcome.HOOK_BROKEN, 'not executable'),
        (HOOK, done(b'{', b'', 124), Outcome.TIMEOUT, 'did not end in time'),
        (HOOK, done(b'', b'', 137), Outcome.TIMEOUT, 'did not end in time'),
        (HOOK, done(b'{"sch', b'', None), Outcome.UNREACHABLE, 'the connection ended'),
        (HOOK, done(b'', b'a\nTraceback: b', 1), Outcome.HOOK_BROKEN, 'exited with 1: Traceback'),
        (HOOK, done(), Outcome.INVALID, 'printed nothing'),
        (HOOK, done(b'hello'), Outcome.INVALID, 'not a report'),
        (HOOK, done(b'{"schema": 2}'), Outcome.INVALID, 'upgrade the reader'),
        (HOOK, done(printed('db/0')), Outcome.INVALID, "for 'db/0'"),
        (HOOK, done(OTHERS), Outcome.INVALID, "of the service 'db', not of web/0"),
        (AGENT, done(OTHERS), Outcome.INVALID, "of the service 'db', not of web/0"),
        (AGENT, done(b'', b'health-agent: cannot ask it', 3), Outcome.NO_AGENT, 'cannot ask it'),
        (AGENT, done(b'', b'', 127), Outcome.NO_AGENT, 'no health agent'),
        (AGENT, done(b'', b'', 124), Outcome.NO_AGENT, 'no health agent'),
        (OWN_AGENT, done(b'', b'', 127), Outcome.NOT_SHIPPED, 'juju status says'),
        (AGENT, done(b'', b'', None), Outcome.UNREACHABLE, 'the connection ended'),
        (AGENT, done(b'hello'), Outcome.INVALID, 'its agent gave'),
    ],
)
def test_each_way_to_answer_has_its_outcome(
    asked: UnitRequest, answer: UnitAnswer, outcome: Outcome, said: str
) -> None:
    reading = read(answer, asked)
    assert reading.outcome is outcome
    assert said in reading.message
    assert reading.hook == '/hook'
    if outcome is not Outcome.REPORTED:
        assert reading.health.rank >= Health.UNKNOWN.rank
        assert reading.report is None


@given(st.binary(max_size=200), st.binary(max_size=50), st.none() | st.integers(0, 255))
def test_no_noise_is_good_news(stdout: bytes, stderr: bytes, code: int | None) -> None:
    for asked in (HOOK, OWN, AGENT, OWN_AGENT):
        reading = read(done(stdout, stderr, code), asked)
        assert reading.health.rank >= Health.UNKNOWN.rank
        assert reading.outcome is not Outcome.REPORTED
        assert reading.message
        assert '\n' not in reading.message


@given(st.floats(0, 1e7), st.sampled_from(Health))
def test_a_report_counts_exactly_while_it_is_fresh(age: float, health: Health) -> None:
    answer = replace(done(printed('web/0', health)), held_seconds=age)
    reading = read(answer)
    assert (reading.outcome is Outcome.REPORTED) == (age <= MAX_AGE_SECONDS)
    if age <= MAX_AGE_SECONDS:
        assert (reading.health, reading.last) == (health, None)
    else:
        assert reading.outcome is Outcome.STALE
        assert (reading.health, reading.report) == (Health.UNKNOWN, None)
        assert reading.last == report('web/0', health)
        assert health.value in reading.message
    assert reading.age_seconds == age


def test_it_was_made_as_long_before_it_came_as_it_was_held() -> None:
    for held in (0.0, 60.0, 9000.0, None):
        dated = DatedReport(report('web/0'), NOW - timedelta(seconds=30), held, 'push')
        reading = dated_reading(MODEL, Unit('web/0', 'web', '0'), dated, NOW, MAX_AGE_SECONDS)
        made_at = None if held is None else NOW - timedelta(seconds=30 + held)
        assert reading.made_at == made_at
        assert reading.received_at == dated.received_at


def test_a_report_of_unknown_age_is_stale_and_says_so() -> None:
    reading = read(replace(done(printed('web/0')), held_seconds=None))
    assert reading.outcome is Outcome.STALE
    assert 'of unknown age' in reading.message
    assert reading.age_seconds is None


@given(st.floats(0, 1e9, allow_nan=False), st.sampled_from(Health))
def test_what_is_put_in_an_envelope_comes_out_of_it(age: float, health: Health) -> None:
    text = encode(report('web/0', health)).encode()
    found = unwrap(done(b'{"age": %s, "report": %s}\n' % (repr(age).encode(), text)))
    assert (found.stdout, found.held_seconds, found.by) == (text, age, 'agent')


def test_a_state_comes_from_the_report_else_from_juju() -> None:
    blocked = State(StateName.BLOCKED, 5.0, None, 'no db', ('db',))
    told = encode(replace(report('web/0'), state=blocked)).encode()
    assert read(done(told)).state == blocked
    waiting = replace(UNIT, workload=StatusInfo('maintenance', 'upgrading'))
    reading = read(done(printed('web/0')), replace(HOOK, unit=waiting))
    assert reading.state is not None
    assert reading.state.name is StateName.CHURNING


@given(st.sampled_from([one for one in Outcome if one not in HEARD]))
def test_a_silent_unit_is_never_better_than_unknown_and_has_advice(outcome: Outcome) -> None:
    unit = Unit('web/0', 'web', '0', workload=StatusInfo('active'))
    silent = silent_reading(MODEL, unit, outcome, '', NOW)
    assert silent.health.rank >= Health.UNKNOWN.rank
    assert silent.message
    assert silent.advice == advise(outcome, MODEL, unit)
    assert silent.advice


def test_what_is_known_of_the_very_model_goes_before_what_holds_in_all() -> None:
    unit = Unit('web/0', 'web', '0')
    four = replace(MODEL, controller='lab', version='4.0.15')
    for outcome, advice in (
        (Outcome.NOT_LOGGED_IN, 'log in: juju login -c lab'),
        (
            Outcome.REFUSED_KEY,
            'add the key: juju add-ssh-key -m lab:prod '
            '"$(cat "${JUJU_DATA:-$HOME/.local/share/juju}/ssh/juju_id_ed25519.pub")"',
        ),
    ):
        assert str(silent_reading(four, unit, outcome, '', NOW).advice) == advice
    known = Advice('do this')
    told = silent_reading(four, unit, Outcome.NOT_LOGGED_IN, '', NOW, advice=known)
    assert told.advice == known
    three = replace(MODEL, version='3.6.5')
    assert '~/.ssh/' in silent_reading(three, unit, Outcome.REFUSED_KEY, '', NOW).advice.line


def test_every_outcome_has_words() -> None:
    assert set(WORDS) == set(Outcome)
    assert {one for one in Outcome if not advise(one, MODEL, UNIT)} == HEARD
    assert isinstance(MODEL, Model)


@pytest.mark.parametrize(
    ('said', 'outcome'),
    [
        ('sudo: a password is required', Outcome.NO_LOGIN),
        (
            'python3: error while loading shared libraries: libssl.so.3: cannot open shared '
            'object file: No such file or directory',
            Outcome.ILL,
        ),
        ('OSError: [Errno 12] Cannot allocate memory', Outcome.ILL),
        ('OSError: [Errno 2] no such thing', Outcome.HOOK_BROKEN),
    ],
)
def test_a_hook_that_its_machine_cannot_run_is_told_as_that(said: str, outcome: Outcome) -> None:
    found = read(done(stderr=f'Traceback\n{said}\n'.encode(), exit_code=1))
    assert (found.outcome, found.health, bool(found.advice)) == (outcome, Health.UNKNOWN, True)
    assert said[:60] in found.message


def test_only_many_reports_are_worth_loading_what_reads_them_faster() -> None:
    assert decoder(1) is decode
    assert decoder(1000) is typed_report.decode
