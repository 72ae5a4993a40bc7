"""Each format is taken by a program that it is meant for: promtool, prove, Icinga 2, a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from charm.kernel.report import Health
from reconciler.cli.options.output import write_document
from reconciler.judge.collate import collate
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.render.cases import safe
from reconciler.render.people import fleet, html
from reconciler.render.programs import nagios, openmetrics, tap
from reconciler.sweeps.fleet import Fleet
from reconciler.values.readings import Snapshot
from tests.integration.consumers import Icinga, Site, fetch, free_port, running
from tests.support.patience import PATIENCE
from tests.support.render_cases import (
    CASES,
    HOSTILE,
    OPTIONS,
    application,
    check,
    reported,
    rich,
    snapshot_of,
    told,
    tolerant,
    well,
)


def _needs(program: str, package: str) -> pytest.MarkDecorator:
    reason = f'{program} is missing: apt-get install {package}'
    return pytest.mark.skipif(shutil.which(program) is None, reason=reason)


def _run(*command: str, stdin: str = '') -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@_needs('promtool', 'prometheus')
@pytest.mark.parametrize('case', CASES)
def test_promtool_finds_nothing_wrong_with_the_textfile(case: str, tmp_path: Path) -> None:
    path = tmp_path / 'juju.prom'
    write_document(openmetrics.render_textfile(CASES[case](), OPTIONS), str(path))
    ended = _run('promtool', 'check', 'metrics', stdin=path.read_text())

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, '', '')


@_needs('promtool', 'prometheus')
def test_promtool_finds_nothing_wrong_with_several_models_in_one_textfile() -> None:
    several = Fleet({'k1:admin/prod': rich(), 'k2:admin/shop': told()}, OPTIONS.now, 1.0)
    ended = _run('promtool', 'check', 'metrics', stdin=fleet.render(several, 'textfile', OPTIONS))

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, '', '')


@pytest.fixture
def site() -> Iterator[Site]:
    serving = Site()
    yield serving
    serving.stop()


_SCRAPE = """
global: {{ scrape_interval: 1s }}
scrape_configs: [{{ job_name: juju, static_configs: [{{ targets: ["{0}"] }}] }}]
"""


@_needs('prometheus', 'prometheus')
def test_prometheus_scrapes_the_openmetrics_text(site: Site, tmp_path: Path) -> None:
    site.kind = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    site.page = openmetrics.render(rich(), OPTIONS).encode()
    (tmp_path / 'prometheus.yml').write_text(_SCRAPE.format(site.url.removeprefix('http://')))
    listen = f'127.0.0.1:{free_port()}'
    command = [
        'prometheus',
        f'--config.file={tmp_path}/prometheus.yml',
        f'--storage.tsdb.path={tmp_path}/data',
        f'--web.listen-address={listen}',
    ]
    samples = sum(line[0] != '#' for line in site.page.decode().splitlines())
    query = urllib.parse.quote('scrape_samples_scraped > 0')
    with running(*command):
        told = fetch(f'http://{listen}/api/v1/query?query={query}', lambda t: '"value"' in t)

    (result,) = json.loads(told)['data']['result']
    assert int(result['value'][1]) == samples


@_needs('prometheus-node-exporter', 'prometheus-node-exporter')
def test_node_exporter_passes_the_textfile_on(tmp_path: Path) -> None:
    text = openmetrics.render_textfile(rich(), OPTIONS)
    write_document(text, str(tmp_path / 'juju.prom'))
    listen = f'127.0.0.1:{free_port()}'
    command = [
        'prometheus-node-exporter',
        '--collector.disable-defaults',
        '--collector.textfile',
        f'--collector.textfile.directory={tmp_path}',
        f'--web.listen-address={listen}',
    ]
    with running(*command):
        told = fetch(f'http://{listen}/metrics', lambda t: 'node_textfile_scrape_error' in t)

    assert 'node_textfile_scrape_error 0' in told
    passed_on = set(re.findall(r'^# TYPE (juju_health_\w+) gauge$', told, re.M))
    ours = openmetrics.render_textfile(rich(), OPTIONS)
    assert passed_on == set(re.findall(r'^# TYPE (\w+)', ours, re.M))


@_needs('prove', 'perl')
@pytest.mark.parametrize('case', CASES)
def test_prove_agrees_with_the_exit_code(case: str, tmp_path: Path) -> None:
    path = tmp_path / 'sweep.tap'
    path.write_text(tap.render(CASES[case](), OPTIONS))
    ended = _run('prove', '--exec', 'cat', str(path))

    assert 'Parse errors' not in ended.stdout + ended.stderr
    assert (ended.returncode != 0) == (exit_code(CASES[case]()) != 0)


@_needs('prove', 'perl')
def test_prove_counts_a_failure_for_each_check_that_did_not_pass(tmp_path: Path) -> None:
    path = tmp_path / 'sweep.tap'
    path.write_text(tap.render(rich(), OPTIONS))
    failed = sum(line.startswith('not ok ') for line in path.read_text().splitlines())
    ended = _run('prove', '--exec', 'cat', str(path))

    assert f'Failed {failed}/' in ended.stdout + ended.stderr


@pytest.fixture
def icinga(tmp_path: Path) -> Iterator[Icinga]:
    if shutil.which('icinga2') is None:
        pytest.skip('icinga2 is missing: apt-get install icinga2-bin')
    if os.geteuid() != 0:
        pytest.skip('icinga2 changes its user, so it needs root')
    running = Icinga(tmp_path)
    yield running
    running.stop()


def test_icinga_takes_the_line_as_a_passive_result(icinga: Icinga) -> None:
    output = nagios.render(rich(), OPTIONS).rstrip('\n').replace('\n', '\\n')
    moment, code = int(OPTIONS.now.timestamp()), exit_code(rich())
    icinga.take(f'[{moment}] PROCESS_SERVICE_CHECK_RESULT;juju;model;{code};{output}\n')
    state, output, long_output, items = icinga.service()
    first, *rest = nagios.render(rich(), OPTIONS).rstrip('\n').split('\n')
    text, _, perfdata = first.partition(' | ')

    assert state == 2
    assert output.rstrip() == text
    # Livestatus escapes the ends of lines once more.
    assert long_output.replace('\\n', '\n').split('\n') == rest
    assert items.split() == perfdata.replace("'", '').split()


def _chromium(profile: Path, *arguments: str) -> str:
    ended = _run(
        'chromium',
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--no-first-run',
        '--disable-background-networking',
        f'--user-data-dir={profile}',
        *arguments,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


def _stealing(url: str) -> Snapshot:
    """Return a snapshot whose messages would load from the site, were they markup."""
    texts = (
        f'<img src="{url}/image">',
        f'"><script src="{url}/script"></script>',
        f'</style><link rel=stylesheet href="{url}/style">',
        f'<iframe src="{url}/frame"></iframe><meta http-equiv=refresh content="0;url={url}/go">',
        *HOSTILE,
    )
    told = application('web', 1)
    checks = [check(f'{n} {text}', Health.FAIL, text) for n, text in enumerate(texts)]
    return snapshot_of([collate(told, [reported(told.units[0], checks)])])


@_needs('chromium', 'chromium')
def test_the_page_in_a_browser_shows_hostile_text_and_loads_nothing(
    site: Site, tmp_path: Path
) -> None:
    site.page = html.render(_stealing(site.url), OPTIONS).encode()
    shown = _chromium(tmp_path, '--dump-dom', f'{site.url}/page')

    assert site.asked == ['/page']
    assert '<title>fail: k1:prod</title>' in shown
    assert shown.count('<script') == shown.count('<img') == shown.count('<iframe') == 0
    assert '&lt;script&gt;document.title="owned"&lt;/script&gt;' in shown


def _printed(page: str, directory: Path, *options: str) -> str:
    """Return the words of the page as it is printed."""
    directory.mkdir()
    source, printed = directory / 'page.html', directory / 'page.pdf'
    source.write_text(page)
    _chromium(directory / 'profile', *options, f'--print-to-pdf={printed}', source.as_uri())
    return _run('pdftotext', '-layout', str(printed), '-').stdout.replace(str(directory), '')


@_needs('chromium', 'chromium')
@_needs('pdftotext', 'poppler-utils')
def test_a_script_in_the_page_does_not_run(tmp_path: Path) -> None:
    page = html.render(well(), OPTIONS)
    script = '<script>document.body.append("a script ran")</script>'
    unruled = page.replace('http-equiv="Content-Security-Policy"', '')

    assert 'a script ran' in _printed(unruled + script, tmp_path / 'unruled')
    assert 'a script ran' not in _printed(page + script, tmp_path / 'ruled')


@_needs('chromium', 'chromium')
@_needs('pdftotext', 'poppler-utils')
@pytest.mark.parametrize('snapshot', [well(), tolerant()], ids=['well', 'tolerant'])
def test_the_printed_page_shows_what_is_folded_on_the_screen(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    page = html.render(snapshot, OPTIONS)
    text = _printed(page, tmp_path / 'printed')

    assert ' open' not in page.partition('<body>')[2]

    for reading in snapshot.readings():
        assert reading.report is not None
        assert f'Checks of {reading.unit.name}' in text
        assert all(safe(one.message) in text for one in reading.report.checks)
    assert 'only what is not well' not in text
