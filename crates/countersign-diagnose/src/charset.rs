//! Changes of the body's character encoding.

use super::body::BOM;
use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};

pub(super) fn converted(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    let text = std::str::from_utf8(body).ok();
    let foreign = text.filter(|text| !text.is_ascii());
    let single = (!body.is_ascii()).then_some(body);
    let bodies = [
        (
            "was decoded as ISO-8859-1 and encoded again as UTF-8",
            foreign.and_then(|text| text.chars().map(|c| u8::try_from(c).ok()).collect()),
        ),
        (
            "was decoded as Windows-1252 and encoded again as UTF-8",
            foreign.and_then(|text| text.chars().map(to_windows).collect()),
        ),
        (
            "was converted from UTF-8 to ISO-8859-1",
            single.map(|body| body.iter().map(|byte| char::from(*byte)).collect()).map(utf8),
        ),
        (
            "was converted from UTF-8 to Windows-1252",
            single.map(|body| body.iter().map(|byte| from_windows(*byte)).collect()).map(utf8),
        ),
        ("was converted from UTF-8 to UTF-16", from_utf16(body).map(utf8)),
        (FROM_UTF16, text.map(|text| to_utf16(text, u16::to_le_bytes, false))),
        (FROM_UTF16, text.map(|text| to_utf16(text, u16::to_be_bytes, false))),
        (FROM_UTF16, text.map(|text| to_utf16(text, u16::to_le_bytes, true))),
        (FROM_UTF16, text.map(|text| to_utf16(text, u16::to_be_bytes, true))),
    ];
    Box::new(bodies.into_iter().filter_map(move |(what, body)| {
        let cause = Cause::tried(CauseKind::BodyCharset, format!("the body {what}"));
        Some(Try { cause, trial: trial.with_body(body?) })
    }))
}

fn utf8(text: String) -> Vec<u8> {
    text.into_bytes()
}

/// Decodes UTF-16. Detects the byte order from the byte order mark or from the
/// zero bytes of ASCII characters.
fn from_utf16(body: &[u8]) -> Option<String> {
    let (body, is_little) = match body {
        [0xff, 0xfe, rest @ ..] => (rest, true),
        [0xfe, 0xff, rest @ ..] => (rest, false),
        [_, 0, ..] => (body, true),
        [0, _, ..] => (body, false),
        _ => return None,
    };
    let order = if is_little { u16::from_le_bytes } else { u16::from_be_bytes };
    let (pairs, rest) = body.as_chunks();
    let units: Vec<u16> = pairs.iter().map(|pair| order(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
}

fn to_utf16(text: &str, order: fn(u16) -> [u8; 2], with_mark: bool) -> Vec<u8> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = with_mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(order).collect()
}

fn to_windows(character: char) -> Option<u8> {
    let known = WINDOWS_1252.iter().position(|known| *known == character);
    match known.and_then(|at| u8::try_from(at).ok()) {
        Some(at) => Some(0x80 + at),
        None => u8::try_from(character).ok().filter(|byte| !(0x80..0xa0).contains(byte)),
    }
}

fn from_windows(byte: u8) -> char {
    let at = usize::from(byte).checked_sub(0x80);
    at.and_then(|at| WINDOWS_1252.get(at)).copied().unwrap_or(char::from(byte))
}

const FROM_UTF16: &str = "was converted from UTF-16 to UTF-8";
/// The characters for 0x80 to 0x9f. Five bytes are not assigned and stay unchanged.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Whether bytes that are not UTF-8 were replaced. The original bytes cannot be
/// recovered.
pub(super) fn is_lossy(body: &[u8]) -> bool {
    let body = body.strip_prefix(BOM).unwrap_or(body);
    memchr::memmem::find(body, "\u{fffd}".as_bytes()).is_some()
}
