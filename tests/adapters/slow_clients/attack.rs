//! Ways to occupy a server with slow requests.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::interval;

use super::example::Signed;
use crate::http2;

#[derive(Debug, Clone, Copy)]
pub(super) enum Attack {
    Silence,
    TrickledHead,
    TrickledBody,
    SilenceAfterAnAnswer,
    TrickleAfterAnAnswer,
    SilenceAfterThePreface,
    SilenceAfterTheSettings,
    TrickledPings,
    TrickledHeaderBlock,
    TrickledBodyByHttp2,
}

/// A client that has sent its first bytes.
pub(super) struct Attacker {
    stream: TcpStream,
    /// One piece after another, without end.
    trickle: Vec<u8>,
}

impl Attack {
    pub(super) const ALL: [Self; 10] = [
        Self::Silence,
        Self::TrickledHead,
        Self::TrickledBody,
        Self::SilenceAfterAnAnswer,
        Self::TrickleAfterAnAnswer,
        Self::SilenceAfterThePreface,
        Self::SilenceAfterTheSettings,
        Self::TrickledPings,
        Self::TrickledHeaderBlock,
        Self::TrickledBodyByHttp2,
    ];

    pub(super) async fn begin(self, to: SocketAddr, delivery: &Signed) -> Attacker {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let (first, trickle) = self.bytes(delivery);
        stream.write_all(&first).await.unwrap();
        if let Self::SilenceAfterAnAnswer | Self::TrickleAfterAnAnswer = self {
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\n") {
                answer.push(stream.read_u8().await.unwrap());
            }
        }
        Attacker { stream, trickle }
    }

    /// What is sent at once, and what is sent repeatedly.
    fn bytes(self, delivery: &Signed) -> (Vec<u8>, Vec<u8>) {
        let head = delivery.head().into_bytes();
        let unsigned = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n".to_vec();
        let http2 = |frames: &[Vec<u8>]| [http2::PREFACE, &frames.concat()].concat();
        match self {
            Self::Silence => (Vec::new(), Vec::new()),
            Self::TrickledHead => ([&head[..], b"x-slow: "].concat(), b"a".to_vec()),
            Self::TrickledBody => {
                // Announces more than can arrive before the deadline.
                let head = String::from_utf8(head).unwrap();
                let (head, _) = head.split_once("content-length").unwrap();
                ((head.to_owned() + "content-length: 100000\r\n\r\n").into(), b" ".to_vec())
            }
            Self::SilenceAfterAnAnswer => (unsigned, Vec::new()),
            Self::TrickleAfterAnAnswer => (unsigned, b"P".to_vec()),
            Self::SilenceAfterThePreface => (http2(&[]), Vec::new()),
            Self::SilenceAfterTheSettings => (http2(&[http2::settings()]), Vec::new()),
            Self::TrickledPings => (http2(&[http2::settings()]), http2::ping()),
            Self::TrickledHeaderBlock => {
                let announced = http2::frame(http2::HEADERS, http2::END_HEADERS, 1, &[0; 10_000]);
                (http2(&[http2::settings(), announced[..9].to_vec()]), vec![0])
            }
            Self::TrickledBodyByHttp2 => {
                let headers = delivery.headers.iter().map(|(name, value)| (&name[..], &value[..]));
                let block = http2::post(delivery.path, headers);
                let begun = http2::frame(http2::HEADERS, http2::END_HEADERS, 1, &block);
                (http2(&[http2::settings(), begun]), http2::frame(http2::DATA, 0, 1, b" "))
            }
        }
    }
}

impl Attacker {
    /// Sends until the server closes the connection.
    pub(super) async fn until_closed(mut self) {
        let (mut from, mut to) = self.stream.split();
        let closed = async {
            let mut answer = [0; 4096];
            while from.read(&mut answer).await.is_ok_and(|length| length > 0) {}
        };
        let trickle = async {
            let mut pace = interval(PACE);
            // Writing fails once the connection is closed.
            while !self.trickle.is_empty() && to.write_all(&self.trickle).await.is_ok() {
                pace.tick().await;
            }
            pending::<()>().await;
        };
        tokio::select! {
            () = closed => {}
            () = trickle => {}
        }
    }
}

const PACE: Duration = Duration::from_millis(50);
