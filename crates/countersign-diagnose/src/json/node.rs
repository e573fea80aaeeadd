//! A JSON document that keeps the order of its names and the text of its numbers.

/// A JSON value.
pub(crate) enum Node {
    /// A number, a boolean or null.
    Plain(String),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Node {
    pub(super) fn sorted(&self) -> Self {
        match self {
            Self::Plain(text) => Self::Plain(text.clone()),
            Self::Text(text) => Self::Text(text.clone()),
            Self::List(nodes) => Self::List(nodes.iter().map(Self::sorted).collect()),
            Self::Map(members) => {
                let sorted = members.iter().map(|(name, node)| (name.clone(), node.sorted()));
                let mut sorted: Vec<_> = sorted.collect();
                sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
                Self::Map(sorted)
            }
        }
    }

    /// The number of names in the largest object.
    pub(super) fn max_names(&self) -> usize {
        match self {
            Self::Plain(_) | Self::Text(_) => 0,
            Self::List(nodes) => nodes.iter().map(Self::max_names).max().unwrap_or(0),
            Self::Map(members) => {
                let inside = members.iter().map(|(_, node)| node.max_names()).max();
                members.len().max(inside.unwrap_or(0))
            }
        }
    }

    /// Calls the function for every string, including names.
    pub(super) fn texts<'a>(&'a self, seen: &mut impl FnMut(&'a str)) {
        match self {
            Self::Plain(_) => {}
            Self::Text(text) => seen(text),
            Self::List(nodes) => nodes.iter().for_each(|node| node.texts(seen)),
            Self::Map(members) => members.iter().for_each(|(name, node)| {
                seen(name);
                node.texts(seen);
            }),
        }
    }
}

/// Parses a body. Returns `None` if it is not a JSON object or list.
pub(crate) fn parse(body: &[u8]) -> Option<Node> {
    // The body is valid JSON, so the reader below does not validate it again.
    serde_json::from_slice::<serde_core::de::IgnoredAny>(body).ok()?;
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader { rest: text };
    let node = reader.node(0)?;
    matches!(node, Node::List(_) | Node::Map(_)).then_some(node)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        self.rest = self.rest.trim_start_matches(SPACE);
        match self.rest.as_bytes().first()? {
            b'"' => self.text().map(Node::Text),
            b'[' => {
                let mut nodes = Vec::new();
                self.all(']', |reader| {
                    nodes.push(reader.node(depth + 1)?);
                    Some(())
                })?;
                Some(Node::List(nodes))
            }
            b'{' => {
                let mut members = Vec::new();
                self.all('}', |reader| {
                    reader.rest = reader.rest.trim_start_matches(SPACE);
                    let name = reader.text()?;
                    reader.rest = reader.rest.trim_start_matches(SPACE).strip_prefix(':')?;
                    members.push((name, reader.node(depth + 1)?));
                    Some(())
                })?;
                Some(Node::Map(members))
            }
            _ => {
                let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
                let (plain, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                Some(Node::Plain(plain.to_owned()))
            }
        }
    }

    /// Reads everything between the opening bracket, which is next, and `close`.
    fn all(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.rest = &self.rest[1..];
        loop {
            self.rest = self.rest.trim_start_matches(SPACE);
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                return Some(());
            }
            self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
            item(self)?;
        }
    }

    fn text(&mut self) -> Option<String> {
        let bytes = self.rest.as_bytes();
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let (written, rest) = self.rest.split_at_checked(end + 1)?;
        self.rest = rest;
        if !written.contains('\\') {
            return Some(written[1..end].to_owned());
        }
        serde_json::from_str(written).ok()
    }
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
/// Deeper than any provider's documents, and small enough for any stack.
const DEEPEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_left_unchanged() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for body in ["", "7", "\"a\"", "{", "a=b", "{\"a\":1}x", "\u{feff}{}", &deep] {
            assert!(parse(body.as_bytes()).is_none(), "{body:.20}");
        }
        assert!(parse(&b"[".repeat(1_000_000)).is_none());
    }
}
