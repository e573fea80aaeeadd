//! The sample events of one scheme.

use std::collections::BTreeMap;

use countersign::schemes::{FreshValues, SampleEvent};
use countersign::{Clock, Scheme, SystemClock};
use serde::Serialize;

use crate::output::{DIM, Report, paint};
use crate::random;
use crate::table::Table;
use crate::usage_error::UsageError;

/// One row for each event, with its body as it would be signed now.
pub(super) fn list(scheme: &Scheme, samples: &[SampleEvent]) -> Result<Report, UsageError> {
    let fresh = fresh()?;
    let mut table = Table::new(["EVENT", "BODY"]);
    for sample in samples {
        table.push([sample.event().into(), sample.body(&fresh).into()]);
    }
    let (name, event) = (scheme.name(), samples.first().map_or("", SampleEvent::event));
    let hint = format!(
        "Send one:\n  countersign send --sample {event} \\\n    --scheme {name} --secret-env NAME \
         --to URL"
    );
    Ok(Report::human(format!("{}\n{}\n", table.render(), paint(DIM, hint))))
}

/// The stable format of `--json`.
#[derive(Serialize)]
pub(super) struct SampleJson {
    event: &'static str,
    headers: BTreeMap<&'static str, String>,
    body: String,
}

pub(super) fn json(samples: &[SampleEvent]) -> Result<Vec<SampleJson>, UsageError> {
    let fresh = fresh()?;
    let samples = samples.iter().map(|sample| SampleJson {
        event: sample.event(),
        headers: sample.headers(&fresh).collect(),
        body: sample.body(&fresh),
    });
    Ok(samples.collect())
}

fn fresh() -> Result<FreshValues, UsageError> {
    Ok(FreshValues::new(random::bits_128()?, SystemClock::new().now_unix_ms()))
}
