"""The one door to all channels: whatever happens behind it comes back as a value."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb

from charm.kernel.deadline import Deadline

from ..config.channel_settings import ChannelSettings
from ..values.errors import ReconcilerError
from .channels import CHANNELS
from .channels.base import Channel, Delivery
from .notice import Notice

# What has to be installed for a kind of channel, as an extra of this package.
_EXTRAS = {'httpx': 'alerts', 'apprise': 'apprise'}


def channel_of(settings: ChannelSettings) -> Channel:
    """Return the channel of these settings.

    Raises:
        ImportError: it needs what is not installed.
    """
    return CHANNELS[settings.KIND](settings)


def deliver(settings: ChannelSettings, notice: Notice, deadline: Deadline) -> Delivery:
    """Send a message and return what became of it by the deadline; no error leaves here."""
    try:
        return channel_of(settings).send(notice, deadline)
    except ReconcilerError as error:
        return Delivery.later(str(error)) if error.retryable else Delivery.refused(str(error))
    except ImportError as error:
        extra = _EXTRAS.get(error.name or '', 'alerts')
        told = f'cannot send by {settings.KIND}: {error.name} is not installed'
        return Delivery.later(f"{told}; pip install 'juju-health[{extra}]'")
    except Exception as error:  # noqa: BLE001 - one bad channel costs only itself
        # Its own words may hold what is secret, so that only its kind and place are told.
        place = extract_tb(error.__traceback__)[-1]
        where = f'{Path(place.filename).name}:{place.lineno}'
        return Delivery.later(f'cannot send: {type(error).__name__} in {where}')
