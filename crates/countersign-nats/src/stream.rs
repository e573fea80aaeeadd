//! Whether a stream keeps what it acknowledges.

use async_nats::jetstream::Context;
use async_nats::jetstream::context::GetStreamByNameErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use crate::error::StreamError;

/// Finds the stream of a subject, and checks its settings.
pub(crate) async fn check(jetstream: &Context, subject: &str) -> Result<(), StreamError> {
    let name = jetstream.stream_by_subject(subject).await.map_err(|error| match error.kind() {
        GetStreamByNameErrorKind::NotFound => StreamError::Missing { subject: subject.to_owned() },
        _ => StreamError::Unavailable { source: error.into() },
    })?;
    let stream = jetstream.get_stream(&name).await;
    let stream = stream.map_err(|error| StreamError::Unavailable { source: error.into() })?;
    match problem(&stream.cached_info().config) {
        Some(problem) => Err(StreamError::Unsafe { stream: name, problem }),
        None => Ok(()),
    }
}

/// The first setting that loses messages before a consumer has them.
fn problem(config: &Config) -> Option<&'static str> {
    let has_limit = config.max_bytes > 0 || config.max_messages > 0;
    let has_subject_limit = config.max_messages_per_subject > 0;
    let discards_old = config.discard == DiscardPolicy::Old;
    if config.storage == StorageType::Memory {
        Some("its storage is memory: use `file`")
    } else if config.no_ack {
        Some("it acknowledges nothing (`no_ack`): publishing would never end")
    } else if config.retention == RetentionPolicy::Interest {
        Some("it drops messages while it has no consumer: use the retention `work` or `limits`")
    } else if has_limit && discards_old {
        Some("it drops the oldest messages at its limit: use `--discard new`")
    } else if has_subject_limit && (discards_old || !config.discard_new_per_subject) {
        Some(
            "it drops the oldest messages of a subject at its limit: use `--discard new` and \
             `--discard-per-subject`",
        )
    } else if !config.max_age.is_zero() {
        Some("it drops messages after `max_age`, handled or not: remove that limit")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_setting_that_loses_messages_is_named_with_its_fix() {
        let kept = || Config { discard: DiscardPolicy::New, max_messages: 10, ..Config::default() };
        assert_eq!(problem(&kept()), None);
        assert_eq!(problem(&Config::default()), None);
        for (config, named) in [
            (Config { storage: StorageType::Memory, ..kept() }, "`file`"),
            (Config { no_ack: true, ..kept() }, "`no_ack`"),
            (Config { retention: RetentionPolicy::Interest, ..kept() }, "`work`"),
            (Config { discard: DiscardPolicy::Old, ..kept() }, "`--discard new`"),
            (Config { max_bytes: 1, ..Config::default() }, "`--discard new`"),
            (Config { max_messages_per_subject: 1, ..kept() }, "`--discard-per-subject`"),
            (Config { max_age: Duration::from_secs(1), ..kept() }, "`max_age`"),
        ] {
            let problem = problem(&config).unwrap();
            assert!(problem.contains(named), "{problem}");
        }
    }
}
