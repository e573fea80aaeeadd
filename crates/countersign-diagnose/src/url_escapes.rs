//! Changes of the URL: percent-escapes that a proxy or a framework added to some
//! characters, or removed from them.

use std::collections::HashSet;

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};

/// Tries URLs in which one character is changed, then several.
pub(super) fn others(trial: &Experiment) -> Tries<'_> {
    let url = trial.request.url().filter(|_| trial.scheme.signs_url());
    let Some([origin, target, fragment]) = url.and_then(split) else {
        return Box::new(std::iter::empty());
    };
    let found: Vec<Mark> = MARKS.iter().copied().filter(|mark| mark.is_in(target)).collect();
    let found: Vec<Mark> = found.into_iter().take(MAX_MARKS).collect();
    let mut sets: Vec<u32> = (1..1 << found.len()).collect();
    sets.sort_by_key(|set| set.count_ones());
    let mut seen = HashSet::from([target.to_owned()]);
    let targets = sets.into_iter().flat_map(move |set| {
        let chosen = found.iter().enumerate().filter(|(at, _)| set & 1 << at != 0);
        let chosen: Vec<Mark> = chosen.map(|(_, mark)| *mark).collect();
        // Those with a shorter description come first.
        [Way::Escaped, Way::Plain, Way::Swapped]
            .map(|way| (way.written(target, &chosen), way, chosen.clone()))
    });
    let targets = targets.filter(move |(target, ..)| seen.insert(target.clone()));
    Box::new(targets.take(trial.affordable(MAX_URLS)).map(move |(target, way, marks)| {
        let how = way.description(&marks);
        let detail = format!("it was signed for the URL with other percent-escapes: {how}");
        let cause = Cause::tried(CauseKind::UrlMismatch, detail);
        let request = trial.request.clone().with_url([origin, &target, fragment].concat());
        Try { cause, trial: Experiment { request, ..trial.clone() } }
    }))
}

/// Splits a URL: everything before the path, path and query, and the fragment.
fn split(url: &str) -> Option<[&str; 3]> {
    let host = url.find("://")? + "://".len();
    let target = host + url[host..].find(['/', '?', '#']).unwrap_or(url.len() - host);
    let (origin, target) = url.split_at(target);
    let (target, fragment) = target.split_at(target.find('#').unwrap_or(target.len()));
    Some([origin, target, fragment])
}

/// What happened to all occurrences of some characters.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Plain occurrences were escaped, and escaped ones were plain.
    Swapped,
    Escaped,
    Plain,
}

/// A character and its two escapes.
#[derive(Debug, Clone, Copy)]
struct Mark {
    plain: char,
    upper: &'static str,
    lower: &'static str,
}

impl Mark {
    fn is_in(self, target: &str) -> bool {
        [self.upper, self.lower].iter().any(|escape| target.contains(escape))
            || target.contains(self.plain)
    }
}

impl Way {
    /// How to change the given URL. The marks are from the table below.
    fn description(self, marks: &[Mark]) -> String {
        let plain: Vec<String> = marks.iter().map(|mark| format!("`{}`", mark.plain)).collect();
        let escapes: Vec<String> = marks.iter().map(|mark| format!("`{}`", mark.upper)).collect();
        let (plain, escapes) = (plain.join(" "), escapes.join(" "));
        match self {
            Self::Escaped => format!("{escapes} instead of {plain}"),
            Self::Plain => format!("{plain} instead of {escapes}"),
            Self::Swapped => {
                format!("{plain} escaped if plain in the given URL, and plain if escaped there")
            }
        }
    }

    fn written(self, target: &str, marks: &[Mark]) -> String {
        let mut written = String::with_capacity(target.len() + 8);
        let mut rest = target;
        while let Some(character) = rest.chars().next() {
            let plain = marks.iter().find(|mark| mark.plain == character);
            let escaped = marks
                .iter()
                .find(|mark| rest.starts_with(mark.upper) || rest.starts_with(mark.lower));
            match (self, plain, escaped) {
                (Self::Swapped | Self::Escaped, Some(mark), _) => written.push_str(mark.upper),
                (Self::Swapped | Self::Plain, _, Some(mark)) => written.push(mark.plain),
                (Self::Escaped, _, Some(mark)) => written.push_str(mark.upper),
                _ => {
                    written.push(character);
                    rest = &rest[character.len_utf8()..];
                    continue;
                }
            }
            rest = &rest[if plain.is_some() { 1 } else { ESCAPE }..];
        }
        written
    }
}

const fn mark(plain: char, upper: &'static str, lower: &'static str) -> Mark {
    Mark { plain, upper, lower }
}

/// ASCII characters whose escape means the same, and that some proxies and frameworks
/// escape. The most common come first.
const MARKS: &[Mark] = &[
    mark('\'', "%27", "%27"),
    mark('@', "%40", "%40"),
    mark(':', "%3A", "%3a"),
    mark(',', "%2C", "%2c"),
    mark('(', "%28", "%28"),
    mark(')', "%29", "%29"),
    mark('*', "%2A", "%2a"),
    mark('!', "%21", "%21"),
    mark('~', "%7E", "%7e"),
    mark('|', "%7C", "%7c"),
    mark('"', "%22", "%22"),
    mark('$', "%24", "%24"),
    mark(';', "%3B", "%3b"),
    mark('[', "%5B", "%5b"),
    mark(']', "%5D", "%5d"),
    mark('{', "%7B", "%7b"),
    mark('}', "%7D", "%7d"),
    mark('^', "%5E", "%5e"),
    mark('`', "%60", "%60"),
    mark('<', "%3C", "%3c"),
    mark('>', "%3E", "%3e"),
    mark('\\', "%5C", "%5c"),
    mark('-', "%2D", "%2d"),
    mark('_', "%5F", "%5f"),
    mark('.', "%2E", "%2e"),
    mark('/', "%2F", "%2f"),
];

const ESCAPE: usize = "%27".len();
const MAX_MARKS: usize = 9;
const MAX_URLS: usize = 800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_of_a_character_is_escaped_or_unescaped() {
        let marks = &MARKS[..2];
        let target = "/a'b%27c@d%3a?é=1";
        for (way, written) in [
            (Way::Swapped, "/a%27b'c%40d%3a?é=1"),
            (Way::Escaped, "/a%27b%27c%40d%3a?é=1"),
            (Way::Plain, "/a'b'c@d%3a?é=1"),
        ] {
            assert_eq!(way.written(target, marks), written);
        }
        let parts = ["https://a.example:8", "/b?c", "#d"];
        assert_eq!(split("https://a.example:8/b?c#d"), Some(parts));
        assert_eq!(split("https://a.example"), Some(["https://a.example", "", ""]));
    }
}
