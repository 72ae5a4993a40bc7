"""What the draft of `application/health+json` allows, as a JSON Schema."""

from __future__ import annotations

from typing import Any

from charm.kernel.report import Health

# Sections 3 and 4 of draft-inadarei-api-health-check-06, closed: no other key is written.
_STATUS = {'enum': ['pass', 'warn', 'fail']}
_TEXT = {'type': 'string'}
_NO_OUTPUT = {
    'if': {'properties': {'status': {'const': 'pass'}}},
    'then': {'not': {'required': ['output']}},
}
_COMPONENT = {
    'type': 'object',
    'required': ['status', 'health'],
    'additionalProperties': False,
    'properties': {
        'componentId': _TEXT,
        'componentType': {'enum': ['component', 'datastore', 'system']},
        'observedValue': {'type': 'number', 'minimum': 0, 'maximum': 1},
        'observedUnit': {'const': 'ratio'},
        'status': _STATUS,
        'time': {'type': 'string', 'format': 'date-time'},
        'output': _TEXT,
        'health': {'enum': [health.value for health in Health]},
    },
    **_NO_OUTPUT,
}
SCHEMA: dict[str, Any] = {
    'type': 'object',
    'required': ['status'],
    'additionalProperties': False,
    'properties': {
        'status': _STATUS,
        'version': _TEXT,
        'serviceId': _TEXT,
        'description': _TEXT,
        'notes': {'type': 'array', 'items': _TEXT},
        'output': _TEXT,
        'checks': {
            'type': 'object',
            'propertyNames': {'pattern': '^[^:]*:[^:]*$'},
            'additionalProperties': {'type': 'array', 'minItems': 1, 'items': _COMPONENT},
        },
    },
    **_NO_OUTPUT,
}
