//! The configuration of handshakes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign::handshake::Handshake;
use countersign::{PublicUrl, Verifier};
use toml::Spanned;

use super::EndpointScheme;
use super::file::{self, File};
use super::source::Source;
use super::toml::{EndpointConfig, Moment};
use crate::secrets;
use crate::serve::folders;
use crate::serve::handshake_secret::{self, HandshakeSecret};
use crate::serve::secrets_source::{Reloaded, SecretsSource};
use crate::usage_error::UsageError;

impl File<'_> {
    /// The verifier, with the verify token if one is given.
    pub(super) fn with_verify_token(
        &self,
        words: &EndpointConfig,
        verifier: Verifier,
    ) -> Result<Verifier, UsageError> {
        let Some(said) = &words.verify_token else {
            return Ok(verifier);
        };
        let at = self.at("verify_token", said.span());
        let scheme = verifier.scheme();
        if !scheme.handshakes().iter().any(Handshake::shows_verify_token) {
            return Err(at.fix(format!(
                "scheme `{}` has no handshake with a verify token: remove the key",
                scheme.name()
            )));
        }
        let token = said.get_ref();
        let kept = self.place(token.env.as_deref(), token.file.as_deref(), &at)?;
        let token = kept.read().map_err(|error| at.fix(error))?;
        self.hidden.add(&token);
        Ok(verifier.with_verify_token(&token))
    }

    /// A verifier with the key that the provider sends in a handshake, which is saved in `said`,
    /// and with the endpoint's other secrets.
    pub(super) fn of_kept(
        &self,
        words: &EndpointConfig,
        said: &Spanned<impl AsRef<Path>>,
        EndpointScheme { described, used: scheme }: EndpointScheme,
        url: Option<PublicUrl>,
    ) -> Result<(Verifier, SecretsSource, Reloaded), UsageError> {
        let at = self.at("handshake_secret_file", said.span());
        if !scheme.handshakes().iter().any(|handshake| handshake.captured_from().is_some()) {
            return Err(at.fix(format!(
                "scheme `{}` has no handshake that delivers a secret: remove the key and give the \
                 secret in `secrets`",
                scheme.name()
            )));
        }
        let file = self.beside(said.get_ref().as_ref());
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(at.fix("the folder does not exist: create it first"));
        }
        let place = secrets::Place::File(file.clone());
        let is_there = handshake_secret::is_there(&file);
        if !is_there && words.handshake_window.is_none() {
            return Err(at.fix(
                "the file does not exist yet: add `handshake_window = \"10m\"`, and start the \
                 provider's handshake while the program runs",
            ));
        }
        let (read, name, not_after) = match is_there {
            true => (place.read().map_err(|error| at.fix(error))?, place.name(), None),
            false => {
                let never = Moment(handshake_secret::NEVER_VALID_UNIX_MS);
                (handshake_secret::unknown()?, "none yet".to_owned(), Some(never))
            }
        };
        self.hidden.add(&read);
        let first = Source { read, name, not_before: None, not_after, kept: place, at };
        let mut sources = vec![first];
        if let Some(secrets) = &words.secrets {
            sources.extend(self.sources(secrets)?);
        }
        self.note_users(words, &described, None, &sources);
        let scheme_at = self.at("scheme", words.scheme.span());
        let verifier = file::verifier(url, scheme.clone(), &sources, &scheme_at)?;
        let verifier = verifier.ok_or_else(|| scheme_at.fix("has no secrets"))?;
        let (verifier, handle) = verifier.with_secrets_handle()?;
        let others = sources.split_off(1);
        let hidden = Arc::clone(&self.hidden);
        let (path, users) = (words.path.get_ref(), (scheme, hidden));
        let kept = HandshakeSecret::new(path, file, handle, others, users);
        let verifier = kept.kept_by(verifier);
        let live = SecretsSource::Kept { verifier: verifier.clone(), kept: Arc::clone(&kept) };
        Ok((verifier, live, Reloaded::Kept(kept)))
    }

    /// How long the handshake window is open.
    pub(super) fn handshake_window(
        &self,
        words: &EndpointConfig,
    ) -> Result<Option<Duration>, UsageError> {
        let Some(said) = &words.handshake_window else {
            return Ok(None);
        };
        if words.handshake_secret_file.is_none() {
            return Err(self.at("handshake_window", said.span()).fix(
                "the key from the handshake is not saved: add a file for it, as `handshake_secret_file`",
            ));
        }
        self.time("handshake_window", Some(said))
    }

    /// Rejects two endpoints that save their key in the same file, by whatever name.
    pub(super) fn reject_shared_files(
        &self,
        endpoints: &[EndpointConfig],
    ) -> Result<(), UsageError> {
        let mut taken = Vec::new();
        for said in endpoints.iter().filter_map(|words| words.handshake_secret_file.as_ref()) {
            let file = folders::resolved(&self.beside(said.get_ref()));
            if taken.contains(&file) {
                return Err(self
                    .at("handshake_secret_file", said.span())
                    .fix("two endpoints save their key in the same file: give each its own"));
            }
            taken.push(file);
        }
        Ok(())
    }
}
