"""What the shop is made of.

Hooks and `hooks/health` both read this, so nothing here talks to Juju or imports charmhelpers
until it is called.
"""

import json
import os
import socket

from charm.hysteresis import settle

SETTINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'shop.json')


def database():
    """Return what the database's relation says; called in hooks only."""
    from charmhelpers.core.services.helpers import MysqlRelation

    return MysqlRelation()


def website():
    """Return what web servers in front of us are told; called in hooks only."""
    from charmhelpers.core.services.helpers import HttpRelation

    return HttpRelation()


def configure(service_name):
    """Write the shop's settings, once everything that it needs is there."""
    (relation,) = database()['db'][:1]
    with open(SETTINGS, 'w') as file:
        json.dump({'host': relation['host'], 'port': int(relation.get('port', 3306))}, file)


@settle('db-cxn', fail_after=2)
def db_cxn(service_name):
    """Say whether the database takes connections."""
    try:
        with open(SETTINGS) as file:
            settings = json.load(file)
    except FileNotFoundError:
        return {'health': 'unknown', 'message': f'{service_name} is not configured yet'}
    address = settings['host'], settings['port']
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError as error:
        return {'health': 'fail', 'message': f'{address[0]}:{address[1]}: {error}'}
    return {'health': 'passed', 'message': f'{address[0]}:{address[1]} takes connections'}


def settings_present(service_name):
    """Say whether the shop has its settings."""
    there = os.path.exists(SETTINGS)
    return {'health': 'passed' if there else 'warn', 'message': SETTINGS, 'qos': float(there)}


SERVICES = [
    {
        'service': 'shop',
        'required_data': [database],
        'provided_data': [website],
        'data_ready': configure,
        'ports': [80],
        'health': [db_cxn, settings_present],
        'rollup': {'rule': 'at-least', 'count': 2},
    }
]
