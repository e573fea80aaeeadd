//! The report of `--attack all` as JUnit XML.

use std::time::Duration;

use super::batch::Attempt;
use super::report::{Results, answers, expected};

/// One test suite, with a test case for each kind of attack.
pub(super) fn report(results: &Results<'_>) -> String {
    let skipped: Vec<_> = results.left_out().collect();
    let (run, failed) = (results.iter().count(), results.failed().count());
    let counts = format!(
        "tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{}\" time=\"{}\"",
        run + skipped.len(),
        skipped.len(),
        seconds(results.iter().map(|(_, attempt)| took(attempt)).sum()),
    );
    let class = format!("countersign.{}", escape(results.scheme));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  \
         <testsuite name=\"countersign send --attack all\" {counts}>\n    <properties>\n      \
         <property name=\"target\" value=\"{}\"/>\n    </properties>\n",
        escape(results.target),
    );
    for (attack, attempt) in results.iter() {
        let (kind, time) = (attack.kind(), seconds(took(attempt)));
        xml.push_str(&format!(
            "    <testcase classname=\"{class}\" name=\"{kind}\" time=\"{time}\""
        ));
        if attempt.is_expected() {
            xml.push_str("/>\n");
            continue;
        }
        let (answers, expected) = (answers(attempt), expected(&attempt.expected));
        xml.push_str(&format!(
            ">\n      <failure message=\"response {}, expected {}\">{}: {}</failure>\n    \
             </testcase>\n",
            escape(&answers),
            escape(&expected),
            escape(kind.sent()),
            escape(kind.why()),
        ));
    }
    for (kind, why) in skipped {
        xml.push_str(&format!(
            "    <testcase classname=\"{class}\" name=\"{kind}\" time=\"0.000\">\n      \
             <skipped message=\"{}\"/>\n    </testcase>\n",
            escape(&why)
        ));
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn took(attempt: &Attempt) -> Duration {
    attempt.answers.iter().map(|(_, took)| *took).sum()
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// Text in an element or in a quoted attribute. XML cannot contain control characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            character if character.is_control() => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_end_its_attribute_or_element() {
        assert_eq!(escape("a\"/><b>&\u{1b}"), "a&quot;/&gt;&lt;b&gt;&amp;\u{fffd}");
    }
}
