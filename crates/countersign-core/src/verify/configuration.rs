//! Logs the configuration of an endpoint, once, when it starts.

use super::{SecretSource, Verifier};
use crate::telemetry::{self, Configuration, Once, StoreConfiguration, TelemetryEvent};

impl Verifier {
    /// Logs the configuration of the endpoint: scheme, limits, and warnings about its secrets. Layers
    /// and middleware call it when they are created or applied, extractors at their first request.
    /// Only the first call of all clones has an effect while a subscriber reads warnings.
    pub fn log_configuration(&self) {
        self.report_configuration(None);
    }

    pub(crate) fn report_configuration(&self, store: Option<StoreConfiguration>) {
        // A layer can be created before the subscriber, and is applied after it.
        let flag = Once::Configuration;
        if !self.inner.once.is_first_while(flag, telemetry::is_log_enabled) {
            return;
        }
        let keyring = self.snapshot().ok();
        let keyring = keyring.as_ref().map(|snapshot| snapshot.keyring());
        self.recorder().record(&TelemetryEvent::Configured(Configuration {
            secrets: match self.held {
                SecretSource::OfTenants(_) => None,
                _ => keyring.map(|keyring| keyring.names.len()),
            },
            tolerance: self.tolerance(),
            body_limit: self.body_limit(),
            body_timeout: self.body_timeout(),
            store,
        }));
        for warning in keyring.iter().flat_map(|keyring| &keyring.warnings) {
            self.recorder().record(&TelemetryEvent::SecretWarning(warning));
        }
    }

    /// Whether this is the first call for this flag of all clones.
    pub(crate) fn is_first(&self, flag: Once) -> bool {
        self.inner.once.is_first(flag)
    }
}
