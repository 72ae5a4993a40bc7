"""What only asks the agent, as quickly as it can be asked.

A report that the agent holds is there at once; to load what reads command lines and files in full
would take ten times as long as to get it. So the words that are plain are read here, and wherever
more is to be said of them, such as `--help`, `agent_commands` reads them anew.
"""

from __future__ import annotations

import sys

from ..agent.serve.client import AgentReply, ask
from ..agent.socket_path import AGENT_YAML, plain_socket
from ..kernel.command_exits import CONFIG_EXIT, USAGE_EXIT
from ..kernel.deadline import Deadline
from ..kernel.errors import DefinitionError, HealthError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Sequence

ASK_SECONDS = 30.0
# The commands that only ask, and what for.
TARGETS = {
    'report': '/v1/report',
    'checks': '/v1/checks',
    'health': '/v1/health',
    'metrics': '/metrics',
}


def answer(words: Sequence[str]) -> Optional[int]:
    """Ask what the words of the command line say, print the answer, and return the exit code.

    `None`, with nothing done, is for words that are no such question, or not a plain one.
    """
    options = _options(words)
    if options is None:
        return None
    command, unit = words[0], options.get('--unit', '')
    try:
        path = plain_socket(options.get('--config', AGENT_YAML))
        if path is None:
            return None
        target = report_target(unit) if command == 'report' else TARGETS[command]
        reply = ask(path, 'GET', target, None, Deadline.after(ASK_SECONDS))
        show(reply, command, '--envelope' in options)
    except HealthError as error:
        print(f'health-agent: {error}', file=sys.stderr)
        return CONFIG_EXIT if isinstance(error, DefinitionError) else USAGE_EXIT
    return 0


def report_target(unit: str) -> str:
    """Return the path of the report of a unit, or of the first one."""
    return f'{TARGETS["report"]}?unit={unit}' if unit else TARGETS['report']


def show(reply: AgentReply, command: str, envelope: bool = False) -> None:
    """Print a reply, the report in it with its age if that is wanted.

    Raises:
        HealthError: the agent refused.
    """
    # The health document comes with 503 when the news is bad; it is a document all the same.
    if command != 'health' and reply.error:
        raise HealthError(f'cannot do that: {reply.error}')
    body = reply.body
    if envelope:
        import json  # Only who wants it pays for it.

        report = json.loads(body)
        body = json.dumps({'age': reply.age_seconds or 0.0, 'report': report}).encode() + b'\n'
    sys.stdout.buffer.write(body)
    sys.stdout.flush()


def _options(words: Sequence[str]) -> Optional[Dict[str, str]]:
    """Return the options behind a question, each with its value; `None` if they are not plain."""
    if not words or words[0] not in TARGETS:
        return None
    allowed = ('--config', '--unit', '--envelope') if words[0] == 'report' else ('--config',)
    found: Dict[str, str] = {}
    rest = iter(words[1:])
    for word in rest:
        value = '' if word == '--envelope' else next(rest, '-')
        # What begins with a dash may be an option, and what is empty may be meant so.
        if word not in allowed or value.startswith('-') or (not value and word != '--envelope'):
            return None
        found[word] = value
    return found
