//! How much of all bodies together is held at one time.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// A limit on the bytes of bodies that are held at one time, across requests,
/// endpoints and verifiers.
///
/// A body counts from its first byte until its delivery is answered, or until
/// its extractor hands it over. Where it does not fit, its sender is answered
/// 503 `busy` and sends it again. Clones are the same budget.
///
/// ```
/// use countersign_core::{BufferBudget, Scheme, Secret, Verifier};
///
/// let budget = BufferBudget::new(16 * 1024 * 1024);
/// let verifier = Verifier::new(Scheme::named("github")?, Secret::new("secret")?)?
///     .with_buffer_budget(budget.clone());
/// assert_eq!(budget.used(), 0);
/// # let _ = verifier;
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct BufferBudget(Arc<Shared>);

struct Shared {
    limit: usize,
    used: AtomicUsize,
}

impl BufferBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Shared { limit: bytes, used: AtomicUsize::new(0) }))
    }

    /// The one that all verifiers of the process share by default: 64 MiB.
    #[must_use]
    pub fn of_process() -> Self {
        OF_PROCESS.clone()
    }

    /// How many bytes may be held at one time.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// How many bytes are held now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }
}

static OF_PROCESS: LazyLock<BufferBudget> = LazyLock::new(|| BufferBudget::new(64 * 1024 * 1024));

impl fmt::Debug for BufferBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferBudget")
            .field("limit", &self.limit())
            .field("used", &self.used())
            .finish()
    }
}

/// The part of a [`BufferBudget`] that one body takes; given back when it is
/// dropped.
#[must_use = "dropped, it is given back while the body is still held"]
pub struct Reserved {
    budget: BufferBudget,
    bytes: usize,
}

impl Reserved {
    pub(crate) fn none(budget: BufferBudget) -> Self {
        Self { budget, bytes: 0 }
    }

    /// Takes so many bytes more, where they are left.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), BudgetSpent> {
        let Shared { limit, used } = &*self.budget.0;
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| sum <= limit);
        match used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => {
                self.bytes += bytes;
                Ok(())
            }
            Err(_) => Err(BudgetSpent),
        }
    }
}

/// There is no room for the body among all that are held.
pub(crate) struct BudgetSpent;

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserved").field("bytes", &self.bytes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_given_back_when_dropped() {
        let budget = BufferBudget::new(10);
        let mut one = Reserved::none(budget.clone());
        let mut other = Reserved::none(budget.clone());
        assert!(one.grow(4).is_ok() && other.grow(6).is_ok());
        assert_eq!(budget.used(), 10);
        assert!(one.grow(1).is_err() && other.grow(usize::MAX).is_err());
        drop(other);
        assert_eq!(budget.used(), 4);
        assert!(one.grow(6).is_ok());
        drop(one);
        assert_eq!(budget.used(), 0);
    }
}
