//! Schemes as a page in Markdown: `docs/SCHEMES.md`.

use countersign::Scheme;

use super::aliases;
use super::facts::{Value, facts};
use crate::output::Report;

/// All of them: a table to find one in, and a section of each.
pub(super) fn page(schemes: &[Scheme]) -> Report {
    let mut page = HEAD.to_owned();
    for scheme in schemes {
        push_row(&mut page, scheme);
    }
    page.push_str(PRODUCTS);
    for (product, _) in Scheme::aliases() {
        push_product(&mut page, product);
    }
    for scheme in schemes {
        page.push_str(&format!("\n## {}\n\n", scheme.name()));
        push_section(&mut page, scheme);
    }
    Report::for_programs(page)
}

/// One of them.
pub(super) fn section(scheme: &Scheme) -> Report {
    let mut section = format!("# {}\n\n", scheme.name());
    push_section(&mut section, scheme);
    Report::for_programs(section)
}

fn push_row(page: &mut String, scheme: &Scheme) {
    let name = scheme.name();
    let aliases: Vec<String> = aliases(scheme).into_iter().map(code).collect();
    let title = cell(scheme.title());
    // Without the punctuation that an anchor loses.
    let anchor: String = name.chars().filter(|character| *character != '.').collect();
    let (algorithm, evidence) = (scheme.algorithm(), scheme.evidence());
    let header = match scheme.headers().next() {
        Some(header) => code(header),
        None => scheme.signature_grammar(),
    };
    page.push_str(&format!(
        "| [`{name}`](#{anchor}) | {} | {title} | {algorithm} | {evidence} | {header} |\n",
        aliases.join(", ")
    ));
}

/// A product that signs by another's scheme, and where that was read.
fn push_product(page: &mut String, product: &str) {
    let Ok(scheme) = Scheme::named(product) else { return };
    let (name, evidence) = (scheme.name(), scheme.evidence());
    let source = scheme.sources().last().map_or(String::new(), |source| cell(source));
    page.push_str(&format!("| `{product}` | `{name}` | {evidence} | {source} |\n"));
}

fn push_section(section: &mut String, scheme: &Scheme) {
    section.push_str(&format!("{}\n\n| | |\n| --- | --- |\n", scheme.title()));
    for fact in facts(scheme) {
        let values: Vec<String> = fact.values.iter().map(value).collect();
        section.push_str(&format!("| {} | {} |\n", fact.label, values.join("<br>")));
    }
    if !scheme.notes().is_empty() {
        section.push('\n');
    }
    for note in scheme.notes() {
        section.push_str(&format!("- {}\n", note.trim()));
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Code(text) => code(text),
        Value::Words(text) => cell(text),
    }
}

/// Between backticks, and inside of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Words inside of a table, in which nothing is a tag.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

const HEAD: &str = "\
<!-- Written by `cargo xtask docs`: what stands here is in the schemes' own files. -->

# The built-in schemes

`countersign schemes NAME` shows the same, and `countersign schemes NAME --toml` a file to begin a
description of your own with; how one is written stands in
[Describing a scheme](../crates/countersign/guide/schemes.md).

**Evidence** says how well a scheme is known:

| word | how it was read |
| --- | --- |
| `sdk-run` | the provider's own SDK was run against the test vectors |
| `sdk-source` | in the source of the provider's own SDK |
| `docs` | in the provider's documentation or sample |
| `secondary` | only in the code or documentation of third parties |

What is marked *unconfirmed* stands in no text at hand: it is a default that you can change, and no
promise of the provider's. The **signed bytes** are a template where data says them all:

| placeholder | stands for |
| --- | --- |
| `{body}` | the body, to the byte |
| `{ts}` | the timestamp's text as it was sent |
| `{id}` | the id's text as it was sent |
| `{header:NAME}` | another header's value as it was sent |
| `{method}`, `{url}` | the method, and the public URL |
| `{unescaped_url}` | the public URL with the percent-escapes of `: / ? @ ! $ ' ( ) * , ;` decoded |
| `{secret}` | the secret, for plain digests |

The **event key** is what tells an event from its repeats, always taken from what is signed. The
**identity** says how well it does, and so what becomes of a repeat:

| identity | meaning | a repeat is |
| --- | --- | --- |
| `id` | a signed field names the event | a duplicate: 200, not handled |
| `content` | nothing signed names it, but distinct events are known to have distinct bytes | a duplicate |
| `unknown` | distinct events can have equal bytes | handled, and the handler is told |

A repeat is also handled if the provider never sends again by itself and there is no `id`, or if it
reads the response (**interactive**). [Idempotency](../crates/countersign/guide/idempotency.md) says
how an endpoint chooses otherwise.

| name | also for | provider | algorithm | evidence | header |
| --- | --- | --- | --- | --- | --- |
";

const PRODUCTS: &str = "
Products that sign by another's scheme, each with evidence of its own; a product whose key is derived
in another way is a scheme of its own:

| product | scheme | evidence | read in |
| --- | --- | --- | --- |
";
