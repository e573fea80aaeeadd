//! The styles of unknown serializers: a provider's own serializer may escape other
//! characters than any known one.

use std::borrow::Cow;

use super::node::Node;
use super::write::{Gaps, Style};
use crate::framework_quirks::{COMPACT, LINES, SPACED};

/// The styles in which this document differs: compact ones first, and of those the
/// ones with the fewest escapes. There are few enough to try all of them, because
/// each choice applies to a character in the document.
pub(super) fn styles(document: &Node) -> impl Iterator<Item = Style> + use<> {
    let choices = choices(document);
    let mut sets: Vec<u32> = (0..1 << choices.len()).collect();
    sets.sort_by_key(|set| set.count_ones());
    let chosen = move |set: u32, layout: &Style| {
        let mut style = layout.clone();
        let chosen = choices.iter().enumerate().filter(|(at, _)| set & 1 << at != 0);
        chosen.for_each(|(_, choice)| choice.take(&mut style));
        style
    };
    let compact: Vec<Style> = sets.iter().map(|set| chosen(*set, &COMPACT)).collect();
    let others = sets
        .into_iter()
        .flat_map(move |set| LAYOUTS.iter().map(|layout| chosen(set, layout)).collect::<Vec<_>>());
    gapped(document).chain(compact).chain(others)
}

/// Spaces after some colons and commas of the outermost object only, as in Xero's
/// notifications.
fn gapped(document: &Node) -> impl Iterator<Item = Style> + use<> {
    let places = match document {
        Node::Map(members) if (1..=MAX_GAPPED).contains(&members.len()) => 2 * members.len() - 1,
        _ => 0,
    };
    (1..1u32 << places).map(|gaps| Style { gaps: Gaps(gaps), ..COMPACT })
}

/// One choice in which serializers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Slash,
    Foreign,
    Astral,
    Mark(char),
    Upper,
    UpperMarks,
    Long,
}

impl Choice {
    fn take(self, style: &mut Style) {
        let escapes = &mut style.escapes;
        match self {
            Self::Slash => escapes.slash = true,
            Self::Foreign => escapes.foreign = true,
            Self::Astral => escapes.astral = true,
            Self::Mark(mark) => {
                let mut marks = std::mem::take(&mut escapes.marks).into_owned();
                marks.push(mark);
                escapes.marks = Cow::Owned(marks);
            }
            Self::Upper => escapes.upper = true,
            Self::UpperMarks => escapes.upper_marks = true,
            Self::Long => escapes.short = false,
        }
    }
}

/// The choices that affect this document, the most common first.
fn choices(document: &Node) -> Vec<Choice> {
    let mut has = Has::default();
    document.texts(&mut |text| has.see(text));
    let mut choices = Vec::new();
    let mut add = |is_there: bool, choice| {
        if is_there {
            choices.push(choice);
        }
    };
    add(has.slash, Choice::Slash);
    add(has.foreign, Choice::Foreign);
    add(has.astral, Choice::Astral);
    add(has.foreign || has.astral || has.control, Choice::Upper);
    add(!has.marks.is_empty(), Choice::UpperMarks);
    add(has.long, Choice::Long);
    MARKS.iter().for_each(|mark| add(has.marks.contains(mark), Choice::Mark(*mark)));
    choices.truncate(MAX_CHOICES);
    choices
}

#[derive(Default)]
struct Has {
    slash: bool,
    foreign: bool,
    astral: bool,
    control: bool,
    long: bool,
    marks: Vec<char>,
}

impl Has {
    fn see(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '/' => self.slash = true,
                '\u{8}' | '\u{c}' => self.long = true,
                '\n' | '\r' | '\t' => {}
                '\0'..='\u{1f}' => self.control = true,
                '\u{10000}'.. => self.astral = true,
                '\u{80}'.. => self.foreign = true,
                _ => {}
            }
            if MARKS.contains(&character) && !self.marks.contains(&character) {
                self.marks.push(character);
            }
        }
    }
}

/// Characters that some serializer escapes as `\u`, the most common first.
const MARKS: &[char] = &[
    '<', '>', '&', '\'', '%', '@', '+', '=', '/', '"', '`', '\u{2028}', '\u{2029}', '\u{7f}', '\\',
];

/// The layouts besides the compact one.
const LAYOUTS: &[Style] = &[
    SPACED,
    Style { end: "\n", ..COMPACT },
    Style { end: "\r\n", between: "\r\n", ..COMPACT },
    Style { between: "\n", ..COMPACT },
    Style { colon: ": ", ..COMPACT },
    Style { comma: ", ", ..COMPACT },
    Style { indent: "  ", ..LINES },
    Style { indent: "    ", ..LINES },
    Style { indent: "\t", ..LINES },
];

/// Limits the combinations to 4096 in each layout.
const MAX_CHOICES: usize = 12;
const MAX_GAPPED: usize = 5;
