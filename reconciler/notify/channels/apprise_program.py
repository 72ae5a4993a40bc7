"""The program that loads Apprise: it reads a job on stdin, and says on stdout what did not arrive.

`python -m` runs it; nothing else imports it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import apprise


def faults(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Send a job and yield which of its URLs, from 0, did not take it, and why as far as known."""
    for at, url in enumerate(job['urls']):
        service = apprise.Apprise()
        if not service.add(url):
            yield {'at': at, 'fault': 'it is no URL that Apprise knows'}
        elif not service.notify(job['body'], job['title'], job['type'], body_format='text'):
            yield {'at': at, 'fault': f'{service[0].service_name} did not take it'}


if __name__ == '__main__':
    json.dump(list(faults(json.load(sys.stdin))), sys.stdout)
