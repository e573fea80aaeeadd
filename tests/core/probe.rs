//! Detects whether a type implements a trait, so that a test can require that
//! it does not.

use std::fmt::Display;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Call it as `Probe::<Secret>::NEW.is_cloned()`. The probe's own method exists
/// only if the type implements the trait, and takes precedence over the method
/// of [`Lacking`], which must be in scope.
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

/// The results for a type that implements none of the traits.
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
