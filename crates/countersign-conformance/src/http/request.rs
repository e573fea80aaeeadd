//! A request, valid or not, and its bytes in HTTP/1.1.

use countersign_core::{ConfigError, Signer};

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) framing: Framing,
}

/// How the receiver determines the end of the body.
#[derive(Debug, Clone)]
pub(super) enum Framing {
    /// By its length.
    Length,
    /// By this length, even if it is wrong.
    Announced(u64),
    /// In chunks of this size, followed by these trailers.
    Chunked(usize, &'static str),
}

impl Request {
    pub(super) fn post(body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", body: body.into(), ..Self::get("/hooks") }
    }

    pub(super) fn get(target: impl Into<String>) -> Self {
        Self {
            method: "GET",
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
        }
    }

    pub(super) fn signed_by(mut self, signer: &Signer) -> Result<Self, ConfigError> {
        let signed = signer.sign_with(&self.headers, &self.body)?;
        let signed = signed.into_iter().map(|(name, value)| (name, value.into_bytes()));
        self.headers.extend(signed);
        Ok(self)
    }

    /// Sets a header, replacing its value.
    pub(super) fn with_header(self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.without_header(name).and_header(name, value)
    }

    /// Adds a header, even if there is one of this name.
    pub(super) fn and_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header in front of all others.
    pub(super) fn with_first_header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.insert(0, (name.to_owned(), value.into()));
        self
    }

    pub(super) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    pub(super) fn header(&self, name: &str) -> Vec<u8> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Replaces the body, and keeps the signature.
    pub(super) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn with_framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// The whole request.
    pub(super) fn wire(&self) -> Vec<u8> {
        [self.wire_head(), self.wire_body()].concat()
    }

    pub(super) fn wire_head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: localhost\r\n", self.method, self.target);
        match self.framing {
            Framing::Length if self.body.is_empty() && self.method == "GET" => {}
            Framing::Length => head += &format!("Content-Length: {}\r\n", self.body.len()),
            Framing::Announced(length) => head += &format!("Content-Length: {length}\r\n"),
            Framing::Chunked(..) => head += "Transfer-Encoding: chunked\r\n",
        }
        let mut head = head.into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    pub(super) fn wire_body(&self) -> Vec<u8> {
        let Framing::Chunked(size, trailers) = self.framing else {
            return self.body.clone();
        };
        let mut chunks = Vec::new();
        for chunk in self.body.chunks(size) {
            chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunks.extend_from_slice(chunk);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
        chunks
    }
}
