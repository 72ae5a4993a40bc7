"""The key `probe` of health.yaml: options of the checks of machines themselves."""

from __future__ import annotations

import pytest

from reconciler.config import health_yaml
from reconciler.values.errors import ConfigError


@pytest.mark.parametrize(
    ('option', 'said'),
    [
        ("enabled: 'no'", 'probe.checks.load.enabled: it is true or false'),
        ('warn_per_cpu: .inf', 'probe.checks.load.warn_per_cpu: not a number that can be sent'),
        ('warn_per_cpu: .nan', 'probe.checks.load.warn_per_cpu: not a number that can be sent'),
    ],
)
def test_an_option_of_a_check_that_makes_no_sense_anywhere_is_refused(
    option: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        health_yaml.read(f'probe: {{checks: {{load: {{{option}}}}}}}', 'health.yaml')
    assert said in str(caught.value)


def test_checks_that_are_not_built_in_cannot_be_set_for_the_probe() -> None:
    with pytest.raises(ConfigError, match="did you mean 'disk'"):
        health_yaml.read('probe: {checks: {disc: {enabled: false}}}', 'health.yaml')
    found = health_yaml.read('probe: {checks: {disk: {enabled: false}}}', 'health.yaml')
    assert found.probe == {'disk': {'enabled': False}}
