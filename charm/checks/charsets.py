"""Charsets by the labels that the web has for them.

Python knows most, some only by other names, and some as less than browsers read them as (WHATWG,
"Encoding", 4.2; https://encoding.spec.whatwg.org/encodings.json).
"""

from __future__ import annotations

import codecs

# What Python knows beside these is no charset of the web, or takes ages (`punycode`).
_FAMILIES = ('utf', 'iso8859', 'cp', 'koi8', 'mac-', 'gb', 'big5', 'euc', 'iso2022', 'shift')
# By Python's names of them, labels that it does not know; an `x-` in front is left out.
_LABELS = {
    'utf-8': 'unicode-1-1-utf-8 unicode11utf8 unicode20utf8',
    'utf-16-le': 'csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff',
    'utf-16-be': 'unicodefffe',
    'iso8859-1': 'iso88591',
    'iso8859-2': 'iso88592',
    'iso8859-3': 'iso88593',
    'iso8859-4': 'iso88594',
    'iso8859-5': 'iso88595',
    'iso8859-6': 'iso88596 iso-8859-6-e iso-8859-6-i csiso88596e csiso88596i',
    'iso8859-7': 'iso88597 sun_eu_greek',
    'iso8859-8': 'iso88598 iso-8859-8-e iso-8859-8-i csiso88598e csiso88598i logical visual',
    'iso8859-9': 'iso88599',
    'iso8859-10': 'iso885910',
    'iso8859-13': 'iso885913',
    'iso8859-14': 'iso885914',
    'iso8859-15': 'iso885915 csisolatin9',
    'cp874': 'iso885911 tis-620 dos-874 windows-874',
    'koi8-r': 'koi koi8',
    'koi8-u': 'koi8-ru',
    'mac-roman': 'csmacintosh mac',
    'mac-cyrillic': 'mac-ukrainian',
    'gb18030': 'csgb2312 gb_2312 gb_2312-80',
    'big5hkscs': 'cn-big5 x-big5',
    'euc_jp': 'cseucpkdfmtjapanese',
    'cp932': 'windows-31j',
    'cp949': 'cseuckr csksc56011987 iso-ir-149 ks_c_5601-1989 ksc_5601 windows-949',
}
_BY_LABEL = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
# Browsers read each as the second, which has letters where the first has none.
_WIDER = {
    'ascii': 'cp1252',
    'iso8859-1': 'cp1252',
    'iso8859-9': 'cp1254',
    'iso8859-11': 'cp874',
    'gb2312': 'gb18030',
    'gbk': 'gb18030',
    'big5': 'big5hkscs',
    'shift_jis': 'cp932',
    'euc_kr': 'cp949',
    # Python's own goes by the machine where no byte order mark says.
    'utf-16': 'utf-16-le',
}


def codec_of(label: str) -> str:
    """Return Python's codec for a label; empty if it is no charset of the web, as `utf8mb4`."""
    label = label.lower()
    short = label[2:] if label.startswith('x-') else label
    try:
        name = codecs.lookup(_BY_LABEL.get(short, short)).name
    except (LookupError, ValueError):
        return ''
    name = _WIDER.get(name, name)
    return name if name.startswith(_FAMILIES) else ''
