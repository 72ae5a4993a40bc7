"""What callbacks print is told with their answers, and is never in the way of anything."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError, OverrunError
from charm.reporting.runner import Job, run_jobs
from charm.sources.apart.printed import MOST_BYTES, Printed, safe_lines
from charm.sources.callbacks import Apart
from tests.support.called_apart import HEAD, HOST, answer, hook, run_hook, table, write
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

# Each writes the word.
WAYS = (
    'print("word")',
    'print("word", end="")',
    'print("word", file=sys.stderr)',
    'sys.stdout.write("word")',
    'sys.__stderr__.write("word")',
    'os.write(1, b"word")',
    'os.write(2, b"word")',
    'os.system("echo word")',
    'subprocess.run("echo word >&2", shell=True)',
    'subprocess.run(["setsid", "echo", "word"])',
    'libc = ctypes.CDLL(None); libc.puts(b"word"); libc.fflush(None)',
    '__import__("logging").warning("word")',
    '__import__("warnings").warn("word")',
    't = threading.Thread(target=print, args=["word"]); t.start(); t.join()',
    'sys.stdout = open("/dev/full", "w"); os.write(1, b"word")',
)
# Each ends without an answer, and with these words.
CRASHES = {
    'os._exit(7)': 'it exited with 7 and gave no answer',
    'os.kill(os.getpid(), signal.SIGKILL)': 'it was killed by SIGKILL and gave no answer',
    'ctypes.string_at(0)': 'it was killed by SIGSEGV and gave no answer',
    'os.abort()': 'it was killed by SIGABRT and gave no answer',
    'os.closerange(3, 1000)': 'it exited with 0 and gave no answer',
    'sys.exit("enough")': "it exited with 'enough'",
    'raise ValueError("no")': 'ValueError: no',
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / 'callbacks.d'
    made.mkdir()
    return made


def complaint(callback: Apart, seconds: float = PATIENCE) -> str:
    """Return why there is no answer; the error itself would keep the host."""
    try:
        answer(callback, seconds)
    except CheckError as error:
        return str(error)
    return ''


def test_what_is_printed_in_whatever_way_is_told_with_the_answer(directory: Path) -> None:
    write(directory / 'a.py', **{f'way{number}': way for number, way in enumerate(WAYS)})
    callbacks = table(directory)
    assert 'printed' not in answer(callbacks['good']).data
    for number, way in enumerate(WAYS):
        assert 'word' in answer(callbacks[f'way{number}']).data['printed'], way


def test_what_was_printed_before_a_crash_is_in_the_words_about_it(directory: Path) -> None:
    bodies = {f'bad{i}': f'print("was here"); {crash}' for i, crash in enumerate(CRASHES)}
    write(directory / 'a.py', **bodies)
    callbacks = table(directory)
    for name, said in zip(bodies, CRASHES.values()):
        told = complaint(callbacks[name])
        assert told.startswith(said), bodies[name]
        assert ': was here' in told, bodies[name]


def test_what_one_printed_whose_time_is_over_is_in_the_words_about_it(directory: Path) -> None:
    write(directory / 'a.py', bad='print("was here"); re.match("(a+)+b", "a" * 64)')
    callback = table(directory)['bad']
    # On a busy machine it may not have begun before its time is over.
    told = (complaint(callback, seconds) for seconds in (1.0, 10.0, PATIENCE))
    assert next(filter(lambda words: 'here' in words, told)).endswith('its answer: was here')


def test_the_words_about_an_overrun_end_with_what_it_wrote() -> None:
    def overruns(_deadline: Deadline) -> tuple[()]:
        raise OverrunError('cannot wait longer', ': was here')

    (result,) = run_jobs([Job('slow', 9.0, overruns)], Deadline.after(PATIENCE))
    assert result.message == 'it did not end within its timeout of 9 s: was here'


@pytest.mark.parametrize(
    'flood',
    [
        'for _ in range(300): os.write(1, b"x" * 100_000)',
        'print("x" * 30_000_000)',
        'os.system("yes x | head -c 30000000 >&2")',
    ],
)
def test_of_a_flood_the_end_is_kept_and_it_holds_nobody_up(directory: Path, flood: str) -> None:
    write(directory / 'a.py', bad=f'{flood}\n    print("last")')
    printed = answer(table(directory)['bad']).data['printed']
    assert printed.startswith('…')
    assert printed.endswith('last')
    assert len(printed) <= MOST_BYTES + 1


def test_a_large_answer_comes_whole_with_what_was_printed(directory: Path) -> None:
    (directory / 'a.py').write_text(
        'def many(s):\n'
        '    print("word")\n'
        '    return [{"health": "passed", "data": {"a": ["x" * 8000] * 8}}] * 100\n'
        'CALLBACKS = many\n'
    )
    results = table(directory)['many'].answer('web', 'many', Deadline.after(PATIENCE))
    assert [len(result.data.get('a', '')) for result in results] == [8] * 100
    assert [result.data.get('printed') for result in results[:2]] == ['word', None]


def test_what_an_author_calls_printed_stays_the_author_s(directory: Path) -> None:
    (directory / 'a.py').write_text(
        'def own(s):\n'
        '    print("word")\n'
        '    return {"health": "warn", "data": {"printed": 7}}\n'
        'CALLBACKS = own\n'
    )
    assert answer(table(directory)['own']).data == {'printed': 7}


def test_what_is_printed_is_made_safe_line_by_line() -> None:
    assert safe_lines('a\x1b[31mb\r\n\n \x00\n\ud800c\u202e\n') == 'a [31mb\nc'


def test_a_character_that_was_cut_in_two_is_told_as_such(directory: Path) -> None:
    write(directory / 'a.py', bad='print("x" + "ü" * 9000, end="")')
    printed = answer(table(directory)['bad']).data['printed']
    assert printed.startswith('…')
    assert printed.endswith('üü')
    json.dumps(printed).encode()


def test_the_hook_tells_it_in_the_report_and_on_no_other_way(directory: Path) -> None:
    write(directory / 'a.py', loud='os.system("echo word; echo word >&2")')
    done = run_hook(directory)
    assert b'word' not in done.stderr
    checks = {check['name']: check for check in json.loads(done.stdout)['checks']}
    assert checks['loud']['data']['printed'] == 'word\nword'
    assert 'printed' not in checks['good']['data']


def test_what_a_file_prints_when_it_is_read_goes_to_stderr_and_is_of_no_check(
    directory: Path,
) -> None:
    write(directory / 'a.py', fine='pass')
    with (directory / 'a.py').open('a') as file:
        file.write('print("read")\nos.system("echo by a child")\nsys.stdout.write("cut")\n')
    done = run_hook(directory)
    assert sorted(done.stderr.split(b'\n')) == [b'by a child', b'cut', b'read']
    checks = {check['name']: check for check in json.loads(done.stdout)['checks']}
    assert checks['fine']['data'] == checks['good']['data'] == {}


def test_what_a_launcher_prints_is_of_no_check(tmp_path: Path, directory: Path) -> None:
    launcher = tmp_path / 'hooks' / 'health'
    launcher.parent.mkdir()
    launcher.write_text(
        f'{HEAD}sys.path.insert(0, {str(ROOT)!r})\n'
        'from charm import cli\n'
        'print("launched", file=sys.stderr)\n'
        'def loud(s):\n    print("word")\n    return {"health": "passed"}\n'
        'sys.exit(cli.main(callbacks={"*": [loud]}))\n'
    )
    checks = {check['name']: check for check in hook(directory, launcher=launcher)['checks']}
    assert checks['loud']['data'] == {'printed': 'word'}


def test_a_host_keeps_nothing_open_of_runs_that_have_ended(directory: Path) -> None:
    count = f's = len(os.listdir("/proc/%d/fd" % {HOST}))'
    write(
        directory / 'a.py', fine=f'{count}; print(s)', bad='os.close(1); os.close(2); os._exit(1)'
    )
    callbacks = table(directory)

    def opened() -> str:
        told: str = answer(callbacks['fine']).data['printed']
        return told

    before = opened()
    for _ in range(5):
        assert complaint(callbacks['bad'])
    assert opened() == before


# The pipe itself.


def test_the_end_of_a_pipe_is_seen_once_and_never_waited_for() -> None:
    printed = Printed()
    printed.drain()
    assert (printed.text, printed.near >= 0) == ('', True)
    os.write(printed.far, b'word')
    printed.close_far()
    printed.drain()
    printed.drain()
    assert (printed.text, printed.near) == ('word', -1)
    printed.drain()
    assert printed.text == 'word'


@pytest.mark.parametrize('size', [MOST_BYTES, MOST_BYTES + 1])
def test_only_what_is_over_the_bound_is_said_to_be_cut(size: int) -> None:
    printed = Printed()
    for _ in range(size):
        os.write(printed.far, b'x')
    printed.drain()
    assert printed.text.lstrip('…') == 'x' * MOST_BYTES
    assert printed.text.startswith('…') is (size > MOST_BYTES)
    printed.close_near()
    printed.close_far()
