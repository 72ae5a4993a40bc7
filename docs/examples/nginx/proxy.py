"""nginx of Debian before an application: blocked until that is related, and how it is."""

import http.client
import ssl
import subprocess

SITE = '/etc/nginx/sites-enabled/default'
CERTIFICATE = '/etc/nginx/site.crt'
KEY = '/etc/nginx/site.key'
_CONFIG = """\
server {
  listen 443 ssl;
  ssl_certificate %(certificate)s;
  ssl_certificate_key %(key)s;
  location / {
    proxy_pass http://%(hostname)s:%(port)s;
    proxy_connect_timeout 2s;
  }
}
"""


def application():
    """Return what the relation to the application says; called in hooks only."""
    from charmhelpers.core.services.helpers import RelationContext

    class Application(RelationContext):
        name = 'reverseproxy'
        interface = 'http'
        required_keys = ('hostname', 'port')

    return Application()


def configure(service_name):
    """Write the site that passes requests on."""
    (unit,) = application()['reverseproxy'][:1]
    values = {'certificate': CERTIFICATE, 'key': KEY, **unit}
    with open(SITE, 'w') as file:
        file.write(_CONFIG % values)


def start(service_name):
    """Have nginx take its configuration."""
    subprocess.run(['nginx', '-t', '-q'], check=True)
    subprocess.run(['systemctl', 'restart', service_name], check=True)


def stop(service_name):
    """Stop nginx: without an application there is nothing to serve."""
    subprocess.run(['systemctl', 'stop', service_name], check=True)


def page(service_name):
    """Say whether a client gets the application's page."""
    # Whether the certificate is good is another check's question, with a name of its own.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection('127.0.0.1', timeout=4, context=context)
    try:
        connection.request('GET', '/')
        status = connection.getresponse().status
    except OSError as error:
        return {'health': 'fail', 'qos': 0.0, 'message': str(error)}
    finally:
        connection.close()
    good = status < 500
    return {
        'health': 'passed' if good else 'fail',
        'qos': float(good),
        'message': f'GET / gave {status}',
        'data': {'status': status},
    }


SERVICES = [
    {
        'service': 'nginx',
        'required_data': [application],
        'data_ready': configure,
        'start': start,
        'stop': stop,
        'health': [page],
    }
]
