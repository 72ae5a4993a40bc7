"""Build the package by setuptools, and with it the manual page, made of the commands' help."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, build_meta
from setuptools.build_meta import (
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    'build_editable',
    'build_sdist',
    'build_wheel',
    'get_requires_for_build_editable',
    'get_requires_for_build_sdist',
    'get_requires_for_build_wheel',
    'prepare_metadata_for_build_editable',
    'prepare_metadata_for_build_wheel',
]

# As setup.cfg has it in its data_files.
_PAGE = Path('build/reconcile-health.1')


def get_requires_for_build_wheel(config_settings=None):
    """Return what setuptools wants, and what the commands want, whose help is asked for."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *_requirements()]


def get_requires_for_build_editable(config_settings=None):
    """Return the same."""
    return [*build_meta.get_requires_for_build_editable(config_settings), *_requirements()]


def build_wheel(directory, config_settings=None, metadata_directory=None):
    """Write the page, and build a wheel with it."""
    _write_page()
    return build_meta.build_wheel(directory, config_settings, metadata_directory)


def build_editable(directory, config_settings=None, metadata_directory=None):
    """Write the page, and build a wheel that has it and leads here for the rest."""
    _write_page()
    # By this name it asks for data files here, and by the other one everywhere else.
    Distribution.has_data = Distribution.has_data_files
    return build_meta.build_editable(directory, config_settings, metadata_directory)


def _requirements() -> list[str]:
    setup = configparser.ConfigParser()
    setup.read('setup.cfg', encoding='utf-8')
    return setup['options']['install_requires'].split('\n')[1:]


def _write_page() -> None:
    made = [sys.executable, '-m', 'reconciler.cli.man_page']
    page = subprocess.run(made, check=True, capture_output=True).stdout
    _PAGE.parent.mkdir(exist_ok=True)
    _PAGE.write_bytes(page)
