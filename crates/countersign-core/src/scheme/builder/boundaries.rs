//! Determines which templates are unambiguous, and the resulting limits on requests.
//!
//! Parts before the body are separated from the left, parts after it from the right; the rest is
//! the body. A part of a known length needs no delimiter. Neither does a literal, an RFC 3339 time
//! or an HTTP date: none of them is a prefix or suffix of another. Any other part ends before the
//! first byte that it cannot contain, if everything in between is known position by position.

use super::SchemeConfig;
use crate::crypto::mac::SecretPlace;
use crate::scheme::Timestamp;
use crate::scheme::boundaries::{Boundaries, is_url_byte};
use crate::scheme::template::{Part, Template};
use crate::time::timestamp;
use crate::time::unit::TimestampUnit;

/// Derives the limits on requests that make the template unambiguous; those of signed headers are
/// stored in the template. The error explains the ambiguity and what to write instead.
pub(super) fn derive(
    words: &SchemeConfig,
    template: &mut Template,
    timestamp: Option<&Timestamp>,
) -> Result<Boundaries, String> {
    let body_first = words.body_begins_with.as_deref().unwrap_or_default().as_bytes();
    let unit = timestamp.map(|timestamp| timestamp.unit);
    let mut found = Boundaries { body_first: body_first.into(), ..Boundaries::default() };
    found.one_document = template.secret == Some(SecretPlace::First);
    found.id.excluded.extend(words.id_excluded_char.and_then(|it| u8::try_from(it).ok()));
    for (parts, side) in [(&mut template.before, Side::Left), (&mut template.after, Side::Right)] {
        side.turn(parts);
        for at in 0..parts.len() {
            if let Some((part, next)) = parts[at..].split_first_mut() {
                let ahead = Ahead::of(next, side, unit, body_first);
                ahead.bound(part, side, &mut found)?;
            }
        }
        side.turn(parts);
    }
    if found.one_document {
        exclude_padding(template);
    }
    Ok(found)
}

/// Whether bodies that start with one of these characters are JSON documents.
pub(super) fn is_document(begins: &str) -> bool {
    !begins.is_empty() && begins.bytes().all(|byte| b"{[".contains(&byte))
}

/// Excludes from signed headers the bytes that a plain digest appends to a message: the padding
/// ends with the length, whose first bytes are zero.
fn exclude_padding(template: &mut Template) {
    for part in template.before.iter_mut().chain(&mut template.after) {
        if let Part::Header { bound, .. } = part {
            bound.excluded.push(0);
        }
    }
}

/// The side of the body; after the body, everything is read backwards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    fn turn<T>(self, list: &mut [T]) {
        if self == Self::Right {
            list.reverse();
        }
    }
}

/// What follows a part, position by position, as far as it is known.
#[derive(Default)]
struct Ahead {
    positions: Vec<Position>,
    /// Whether the body follows the last position.
    meets_body: bool,
}

/// The bytes that are possible at one position.
struct Position {
    bytes: Bytes,
    kind: Kind,
    /// Whether a numeric timestamp precedes it, whose length then matters.
    behind_digits: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The preceding part can be forbidden to contain these bytes.
    Mark,
    /// The first byte of the body: the preferred delimiter.
    Body,
    Other,
}

impl Ahead {
    fn of(parts: &[Part], side: Side, unit: Option<TimestampUnit>, body_first: &[u8]) -> Self {
        let mut ahead = Self::default();
        for part in parts {
            match part {
                Part::Literal(text) => {
                    let mut bytes = text.clone().into_bytes();
                    side.turn(&mut bytes);
                    bytes.into_iter().for_each(|byte| ahead.push(Bytes::one(byte), Kind::Mark));
                }
                Part::Timestamp => match unit.and_then(timestamp::digits) {
                    Some(digits) => {
                        (0..digits).for_each(|_| ahead.push(Bytes::digits(), Kind::Other));
                    }
                    None => {
                        if side == Side::Left && unit == Some(TimestampUnit::Rfc3339) {
                            ahead.push_date();
                        }
                        return ahead;
                    }
                },
                Part::Method => {
                    ahead.push(Bytes::capitals(), Kind::Other);
                    return ahead;
                }
                // `https`, `http`, `wss` or `ws`.
                Part::Url | Part::UnescapedUrl if side == Side::Left => {
                    ahead.push(Bytes::of(|byte| b"hw".contains(&byte)), Kind::Other);
                    return ahead;
                }
                _ => return ahead,
            }
        }
        ahead.meets_body = true;
        if side == Side::Left && !body_first.is_empty() {
            ahead.push(Bytes::of(|byte| body_first.contains(&byte)), Kind::Body);
        }
        ahead
    }

    fn push(&mut self, bytes: Bytes, kind: Kind) {
        let behind_digits = self.positions.last().is_some_and(|last| {
            last.behind_digits || (last.kind == Kind::Other && last.bytes == Bytes::digits())
        });
        self.positions.push(Position { bytes, kind, behind_digits });
    }

    /// The start of an RFC 3339 time, which has a fixed length.
    fn push_date(&mut self) {
        for byte in *b"0000-00-00T00:00:00" {
            match byte {
                b'0' => self.push(Bytes::digits(), Kind::Other),
                b'T' => self.push(Bytes::of(|byte| b"Tt ".contains(&byte)), Kind::Other),
                b':' => self.push(Bytes::one(byte), Kind::Mark),
                // Not a delimiter: ids often contain these bytes.
                _ => self.push(Bytes::one(byte), Kind::Other),
            }
        }
    }

    /// Ensures that a part ends before these positions.
    fn bound(&self, part: &mut Part, side: Side, found: &mut Boundaries) -> Result<(), String> {
        match part {
            Part::Literal(_) => {}
            Part::Timestamp => match self.end_of(&Bytes::digits()) {
                Some(end) => found.fixed_timestamp |= end.behind_digits,
                None => found.fixed_timestamp = true,
            },
            Part::Method => {
                let end = self.end_of(&Bytes::capitals());
                let end = end.ok_or_else(|| two_readings("{method}", side))?;
                found.fixed_timestamp |= end.behind_digits;
            }
            Part::Url | Part::UnescapedUrl => self.bound_url(side, found),
            Part::Id { length } => {
                found.id.length = *length;
                if length.is_none() {
                    let excluded = self.excluded(found);
                    found.id.excluded.extend(excluded.ok_or_else(|| two_readings("{id}", side))?);
                }
            }
            Part::Header { name, bound } => {
                if bound.length.is_none() {
                    let part = || format!("{{header:{}}}", name.shown());
                    let excluded = self.excluded(found);
                    bound.excluded = excluded.ok_or_else(|| two_readings(&part(), side))?;
                }
            }
        }
        Ok(())
    }

    fn bound_url(&self, side: Side, found: &mut Boundaries) {
        let in_url = Bytes::of(is_url_byte);
        if let Some(end) = self.end_of(&in_url) {
            found.fixed_timestamp |= end.behind_digits;
            return;
        }
        let mut between = self.positions.iter().filter(|position| position.kind != Kind::Body);
        if self.meets_body && between.all(|position| position.bytes.is_in(&in_url)) {
            match side {
                Side::Left => found.url.before_body = true,
                Side::Right => found.url.behind_body = true,
            }
            found.fixed_timestamp |= self.positions.iter().any(|position| position.behind_digits);
        } else {
            found.url.exact_only = true;
        }
    }

    /// The first position whose bytes occur neither in a part of these bytes nor in the positions
    /// between.
    fn end_of(&self, part: &Bytes) -> Option<&Position> {
        self.unlike_those_before().find(|position| position.bytes.is_apart_from(part))
    }

    /// The bytes that an arbitrary part must not contain, so that it ends
    /// before these positions.
    fn excluded(&self, found: &mut Boundaries) -> Option<Vec<u8>> {
        let best = self.unlike_those_before().find(|position| position.kind == Kind::Body);
        let first = self.unlike_those_before().find(|position| position.kind == Kind::Mark);
        let mark = best.or(first)?;
        found.fixed_timestamp |= mark.behind_digits;
        Some((0..=u8::MAX).filter(|byte| mark.bytes.contains(*byte)).collect())
    }

    fn unlike_those_before(&self) -> impl Iterator<Item = &Position> {
        let is_unlike = |at: usize| {
            let earlier = &self.positions[..at];
            earlier.iter().all(|other| self.positions[at].bytes.is_apart_from(&other.bytes))
        };
        (0..self.positions.len()).filter(move |at| is_unlike(*at)).map(|at| &self.positions[at])
    }
}

/// A set of bytes.
#[derive(Clone, PartialEq, Eq)]
struct Bytes([bool; 256]);

impl Bytes {
    fn of(contains: impl Fn(u8) -> bool) -> Self {
        Self(std::array::from_fn(|byte| u8::try_from(byte).is_ok_and(&contains)))
    }

    fn one(byte: u8) -> Self {
        Self::of(|other| other == byte)
    }

    fn digits() -> Self {
        Self::of(|byte| byte.is_ascii_digit())
    }

    fn capitals() -> Self {
        Self::of(|byte| byte.is_ascii_uppercase())
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    fn is_apart_from(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(left, right)| !(*left && *right))
    }

    fn is_in(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(left, right)| *right || !*left)
    }
}

fn two_readings(part: &str, side: Side) -> String {
    let (ends, beside) = match side {
        Side::Left => ("ends", "after"),
        Side::Right => ("starts", "before"),
    };
    let mut problem = format!(
        "nothing marks where `{part}` {ends}, so it could take a piece of its neighbour: put a \
         character {beside} it that it does not contain, such as `.`",
    );
    if part != "{method}" {
        let inside = part.trim_matches(['{', '}']);
        problem.push_str(&format!(", or set its length in bytes, such as `{{{inside}:36}}`"));
    }
    if side == Side::Left {
        problem.push_str(", or set the characters that start a body (`body_begins_with`)");
    }
    problem
}
