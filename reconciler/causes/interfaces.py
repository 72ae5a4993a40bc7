"""Well-known interfaces: their providers, and those that carry no dependency.

`juju status` says that two applications are related, and not which of them needs the other. These
tables are the little that is held to be true of any model. Whoever knows better says so: the
charm in its report, or the operator in the configuration, and both count for more.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Mapping

# By interface, and by the usual endpoint where the client is too old to name the interface: the
# charms that provide it. Who is related to one of these over it is the one that needs it.
PROVIDERS: Mapping[str, tuple[str, ...]] = {
    'amqp': ('rabbitmq*',),
    'ceph-client': ('ceph-mon*', 'ceph-proxy', 'microceph*'),
    'ceph-mds': ('ceph-mon*',),
    'ceph-osd': ('ceph-mon*',),
    'certificates': ('vault*', 'easyrsa', '*-certificates', 'lego*'),
    'cni': ('calico*', 'canal', 'cilium*', 'flannel', 'kube-ovn'),
    'container-runtime': ('containerd', 'docker'),
    'database': ('postgresql*', 'mysql*', 'mongodb*', 'pgbouncer*'),
    'db': ('postgresql*', 'mysql*', 'mariadb*', 'percona-cluster', 'pgbouncer*', 'etcd'),
    'db-admin': ('postgresql*', 'mysql*', 'pgbouncer*'),
    'db-router': ('mysql-innodb-cluster',),
    'elasticsearch': ('elasticsearch*',),
    'etcd': ('etcd*',),
    'glance': ('glance*',),
    'ha': ('hacluster',),
    'hacluster': ('hacluster',),
    'http': ('apache2', 'nginx*', 'wordpress*', 'django*', 'gunicorn*'),
    'identity-service': ('keystone*',),
    'image-service': ('glance*',),
    'ingress': ('traefik*', 'nginx-ingress*'),
    'ingress_per_unit': ('traefik*',),
    'kafka_client': ('kafka*',),
    'keystone': ('keystone*',),
    'keystone-credentials': ('keystone*',),
    'kube-control': ('kubernetes-control-plane', 'kubernetes-master'),
    'kubernetes-cni': ('calico*', 'canal', 'cilium*', 'flannel', 'kube-ovn'),
    'memcache': ('memcached*',),
    'mongodb': ('mongodb*',),
    'mongodb_client': ('mongodb*', 'mongos*'),
    'mysql': ('mysql*', 'mariadb*', 'percona-cluster'),
    'mysql-router': ('mysql-innodb-cluster',),
    'mysql-shared': ('mysql*', 'mariadb*', 'percona-cluster'),
    'mysql_client': ('mysql*',),
    'nats': ('nats*',),
    'neutron-api': ('neutron-api*',),
    'nova': ('nova-cloud-controller', 'nova-k8s'),
    'opensearch_client': ('opensearch*',),
    'ovsdb': ('ovn-central*',),
    'ovsdb-cms': ('ovn-central*', 'ovn-relay*'),
    'pgsql': ('postgresql*', 'pgbouncer*'),
    'postgresql_client': ('postgresql*', 'pgbouncer*'),
    'rabbitmq': ('rabbitmq*',),
    'redis': ('redis*',),
    's3': ('s3-integrator', 'minio*', 'ceph-radosgw', 'microceph*'),
    'shared-db': ('mysql*', '*-mysql-router', 'mariadb*', 'percona-cluster'),
    'tls-certificates': ('vault*', 'easyrsa', '*-certificates', 'lego*'),
    'traefik_route': ('traefik*',),
    'vault-kv': ('vault*',),
    'zookeeper': ('zookeeper*',),
}

# What the OpenStack charms say that they wait for, by kind, and the endpoints that stand for it
# (`required_interfaces` of charms such as cinder, as in "Incomplete relations: database").
SYNONYMS: Mapping[str, frozenset[str]] = {
    'database': frozenset({'shared-db', 'pgsql-db', 'db'}),
    'identity': frozenset({'identity-service', 'identity-credentials'}),
    'image': frozenset({'image-service'}),
    'messaging': frozenset({'amqp'}),
    'storage-backend': frozenset({'ceph', 'storage-backend'}),
}

# Nothing stops working at one end of these when the other end does.
NO_DEPENDENCY = frozenset(
    {
        *('catalogue', 'cos_agent', 'cos-agent', 'grafana_dashboard', 'grafana-dashboard'),
        *('grafana_datasource', 'grafana-source', 'juju-info', 'local-monitors', 'loki_push_api'),
        *('monitors', 'nrpe-external-master', 'prometheus', 'prometheus_remote_write'),
        *('prometheus_scrape', 'syslog', 'tracing'),
    }
)


# What charms add to the name of what they deploy.
_SUFFIX = re.compile(r'-(?:k8s|server|operator|charm)$')


@functools.lru_cache(maxsize=4096)
def is_named_for(word: str, charm: str) -> bool:
    """Return whether an endpoint or interface has its name from a charm: kafka_client of kafka."""
    stem = _SUFFIX.sub('', charm)
    rest = word.removeprefix(stem)
    return bool(stem) and rest != word and not rest[:1].isalnum()


def carries_dependency(interface: str, endpoint: str) -> bool:
    """Return whether the one side may fail because of the other."""
    return (interface or endpoint) not in NO_DEPENDENCY


@functools.lru_cache(maxsize=4096)
def is_provider(word: str, charm: str) -> bool:
    """Return whether a charm is known to provide what a relation carries.

    `word` is its interface, or the endpoint where that is not known.
    """
    patterns = PROVIDERS.get(word, ())
    return any(fnmatch.fnmatchcase(charm, pattern) for pattern in patterns)
