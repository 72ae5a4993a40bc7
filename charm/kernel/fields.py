"""Typed look-ups in a parsed JSON object, each refusing with the path of what is wrong."""

from __future__ import annotations

from datetime import datetime, timezone

from .errors import ReportError
from .hints import Any, List, Mapping, Optional, Tuple, cast
from .report import Health, JSONObject

MAX_NAMES = 1000
_MOST_COUNT = 2**63 - 1
_HEALTHS = {'pass': Health.PASSED, **{health.value: health for health in Health}}
# What stands for the `Z` of a time of that length, as `format_time` writes it.
_ENDS = {20: '+00:00', 24: '000+00:00'}


def format_time(moment: Optional[datetime]) -> Optional[str]:
    """Return an aware time as RFC 3339 in UTC, such as `2026-11-23T08:01:30.250Z`."""
    if moment is None:
        return None
    utc = moment if moment.tzinfo is timezone.utc else moment.astimezone(timezone.utc)
    text = utc.isoformat()
    return f'{text[:19]}Z' if utc.microsecond < 1000 else f'{text[:23]}Z'


def parse_time(text: str) -> datetime:
    """Return the UTC time that an RFC 3339 text names, in milliseconds as `format_time` writes it.

    Raises:
        ValueError: it is not such a text, or has no offset.
    """
    end = _ENDS.get(len(text))
    written = end is not None and text[-1] == 'Z' and text[19] in '.Z'
    moment = datetime.fromisoformat(f'{text[:-1]}{end}' if written else _isoformat(text))
    if moment.tzinfo is None:
        raise ValueError('no offset from UTC')
    return moment if moment.tzinfo is timezone.utc else moment.astimezone(timezone.utc)


def _isoformat(text: str) -> str:
    """Return the text with what Python 3.8 can read: no `Z`, and six digits of a fraction."""
    body = text[:-1] + '+00:00' if text[-1:] in ('Z', 'z') else text
    head, dot, rest = body.partition('.')
    if not dot:
        return body
    digits = rest[: len(rest) - len(rest.lstrip('0123456789'))]
    return f'{head}.{digits[:3]:0<6}{rest[len(digits) :]}'


def health_of(word: str) -> Health:
    """Return the health that `word` names, `UNKNOWN` for what names none."""
    return _HEALTHS.get(word, Health.UNKNOWN)


class Fields:
    """A JSON object with its path: typed look-ups that refuse with that path."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise ReportError(path, f'{_kind(value)} where an object belongs')
        self.values = cast(JSONObject, value)
        self._path = path

    def _at(self, key: str) -> str:
        return f'{self._path}.{key}' if self._path else key

    def _misfit(self, key: str, what: str) -> ReportError:
        return ReportError(self._at(key), f'{_kind(self.values[key])} where {what} belongs')

    def text(self, key: str, required: bool = False) -> str:
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self._misfit(key, 'a string')
        if required and not value:
            raise ReportError(self._at(key), 'missing or empty')
        return value or ''

    def health(self, key: str) -> Health:
        return health_of(self.text(key, required=True))

    def number(self, key: str) -> Optional[float]:
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
            raise self._misfit(key, 'a number')
        return value

    def ratio(self, key: str) -> Optional[float]:
        number = self.number(key)
        if number is not None and not 0.0 <= number <= 1.0:
            raise ReportError(self._at(key), f'{number} is not between 0.0 and 1.0')
        return None if number is None else float(number)

    def seconds(self, key: str) -> Optional[float]:
        number = self.number(key)
        if number is not None and number < 0:
            raise ReportError(self._at(key), f'{number} seconds is less than none')
        try:
            return None if number is None else float(number)
        except OverflowError as error:
            raise ReportError(self._at(key), f'too many seconds: {error}') from error

    def count(self, key: str) -> Optional[int]:
        number = self.number(key)
        # Over 64 bits it could be read here, and by no reader of what we write.
        if number is not None and (not 0 <= number <= _MOST_COUNT or number != int(number)):
            raise ReportError(self._at(key), f'{str(number)[:20]} is not a count')
        return None if number is None else int(number)

    def time(self, key: str) -> Optional[datetime]:
        text = self.text(key)
        if not text:
            return None
        try:
            return parse_time(text)
        except (ValueError, OverflowError) as error:
            raise ReportError(self._at(key), f'{text[:40]!r} is not a time: {error}') from error

    def required_time(self, key: str) -> datetime:
        found = self.time(key)
        if found is None:
            raise ReportError(self._at(key), 'missing')
        return found

    def array(self, key: str, limit: int) -> List[Any]:
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._misfit(key, 'an array')
        if len(value) > limit:
            raise ReportError(self._at(key), f'{len(value)} items, the limit is {limit}')
        return value

    def names(self, key: str) -> Tuple[str, ...]:
        items = self.array(key, MAX_NAMES)
        for index, item in enumerate(items):
            if not isinstance(item, str):
                raise ReportError(
                    f'{self._at(key)}[{index}]', f'{_kind(item)} where a name belongs'
                )
        return tuple(items)

    def optional_object(self, key: str) -> Optional[Fields]:
        value = self.values.get(key)
        return None if value is None else Fields(value, self._at(key))


def _kind(value: Any) -> str:
    names: Mapping[type, str] = {
        dict: 'an object',
        list: 'an array',
        str: 'a string',
        bool: 'a boolean',
        int: 'a number',
        float: 'a number',
        type(None): 'null',
    }
    return names.get(type(value), type(value).__name__)
