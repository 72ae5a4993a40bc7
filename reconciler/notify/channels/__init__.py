"""The channels, by the kind that health.yaml names; each is loaded when it is used."""

from __future__ import annotations

from ...values.by_name import ByName
from .base import MakeChannel

CHANNELS = ByName[MakeChannel](
    {
        'alertmanager': 'reconciler.notify.channels.alertmanager:AlertmanagerChannel',
        'email': 'reconciler.notify.channels.email:EmailChannel',
        'webhook': 'reconciler.notify.channels.webhook:WebhookChannel',
        'command': 'reconciler.notify.channels.command:CommandChannel',
        'apprise': 'reconciler.notify.channels.apprise:AppriseChannel',
    }
)
