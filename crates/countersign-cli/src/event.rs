//! The event to sign: a request of the user, or a sample event of the provider.

use clap::Args;
use countersign::Scheme;
use countersign::schemes::{self, FreshValues, SampleEvent};

use crate::output::escape_control_chars;
use crate::possible_secret::shown;
use crate::random;
use crate::request::{Request, RequestArgs};
use crate::scheme;
use crate::usage_error::UsageError;

#[derive(Args)]
#[group(skip)]
#[command(mut_group("whole_or_pieces", |group| group.arg("sample")))]
pub(crate) struct EventArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Use a sample event of the provider, with new ids and the current time: the first one, or
    /// the one with this event type (see `countersign schemes NAME --samples`)
    #[arg(long, value_name = "EVENT", num_args = 0..=1)]
    sample: Option<Option<String>>,
}

/// An event to sign.
pub(crate) struct Event {
    pub(crate) request: Request,
    /// The id of a sample event.
    pub(crate) id: Option<String>,
}

impl EventArgs {
    /// Whether the event is a sample.
    pub(crate) fn is_sample(&self) -> bool {
        self.sample.is_some()
    }

    /// Reads the request, or makes one from a sample event of this time. `name` is the argument
    /// that names the scheme.
    pub(crate) fn read(
        &self,
        name: &str,
        scheme: &Scheme,
        unix_ms: i64,
    ) -> Result<Event, UsageError> {
        let Some(event) = &self.sample else {
            return Ok(Event { request: self.request.read()?, id: None });
        };
        let samples = samples(name, scheme)?;
        let sample = match event {
            None => samples.first(),
            Some(event) => samples.iter().find(|sample| sample.event() == event),
        };
        let sample = sample.ok_or_else(|| unknown(event.as_deref(), scheme, samples))?;
        let fresh = FreshValues::new(random::bits_128()?, unix_ms);
        let request = self.request.with_event(sample.headers(&fresh), sample.body(&fresh))?;
        Ok(Event { request, id: Some(fresh.id()) })
    }
}

/// The sample events of a scheme. `name` is the argument that names it: a file has none, even if it
/// is a copy of a built-in scheme.
pub(crate) fn samples(name: &str, scheme: &Scheme) -> Result<&'static [SampleEvent], UsageError> {
    let samples = schemes::samples(scheme.name()).filter(|_| !scheme::is_file(name));
    samples.ok_or_else(|| {
        UsageError::new(format!(
            "the scheme file of `{}` has no sample events: only built-in schemes do. Give the \
             body with `--body FILE`",
            escape_control_chars(scheme.name())
        ))
    })
}

fn unknown(event: Option<&str>, scheme: &Scheme, samples: &[SampleEvent]) -> UsageError {
    let known: Vec<String> = samples.iter().map(|sample| format!("`{}`", sample.event())).collect();
    UsageError::new(format!(
        "`--sample`: scheme `{}` has no sample event `{}`: use {}",
        scheme.name(),
        shown(event.unwrap_or_default()),
        known.join(" or ")
    ))
}
