//! Asks whether a type has a trait, so that a test can say that it has not.

use std::fmt::Display;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// `Probe::<Secret>::NEW.is_cloned()`. A method of the probe itself is there only
/// where the trait is, and goes before that of [`Lacking`], which must be in
/// scope.
pub(crate) struct Probe<T>(PhantomData<T>);

impl<T> Probe<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<T: PartialEq> Probe<T> {
    pub(crate) fn is_compared(&self) -> bool {
        true
    }
}

impl<T: Display> Probe<T> {
    pub(crate) fn is_displayed(&self) -> bool {
        true
    }
}

impl<T: Serialize> Probe<T> {
    pub(crate) fn is_serialised(&self) -> bool {
        true
    }
}

impl<T: DeserializeOwned> Probe<T> {
    pub(crate) fn is_deserialized(&self) -> bool {
        true
    }
}

impl<T: Clone> Probe<T> {
    pub(crate) fn is_cloned(&self) -> bool {
        true
    }
}

impl<T: Default> Probe<T> {
    pub(crate) fn has_default(&self) -> bool {
        true
    }
}

impl<T: From<Bytes>> Probe<T> {
    pub(crate) fn is_made_of_bytes(&self) -> bool {
        true
    }
}

/// The answers for a type that has none of the traits.
pub(crate) trait Lacking {
    fn is_compared(&self) -> bool {
        false
    }
    fn is_displayed(&self) -> bool {
        false
    }
    fn is_serialised(&self) -> bool {
        false
    }
    fn is_deserialized(&self) -> bool {
        false
    }
    fn is_cloned(&self) -> bool {
        false
    }
    fn has_default(&self) -> bool {
        false
    }
    fn is_made_of_bytes(&self) -> bool {
        false
    }
}

impl<T> Lacking for Probe<T> {}
