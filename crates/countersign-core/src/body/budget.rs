//! Limits the memory of buffered requests.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// A limit on the bytes of requests that are buffered at one time, across endpoints
/// and verifiers.
///
/// It counts every byte that the process buffers for a request, after decoding: its
/// head, its body with the body's spare capacity, and the state of a decoder. A
/// byte is counted until its delivery is answered; with an extractor, until its
/// body is dropped. A request that does not fit gets the response 503 `busy`, and
/// its sender retries. Clones are the same budget.
///
/// A few large bodies that arrive slowly must not block all other requests. So the
/// last eighth is for requests of up to 16 KiB, and the eighth before it for
/// requests of up to 128 KiB: one request may have three quarters at most. Choose
/// at least four thirds of the largest
/// [body limit](crate::Verifier::with_body_limit).
///
/// ```
/// use countersign_core::{BufferBudget, Secret, Verifier};
/// use countersign_schemes as schemes;
///
/// let budget = BufferBudget::new(16 * 1024 * 1024);
/// let verifier = Verifier::new(schemes::github(), Secret::new("secret")?)?
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
    /// Creates a budget of this many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Shared { limit: bytes, used: AtomicUsize::new(0) }))
    }

    /// The budget that all verifiers of the process share by default: 64 MiB.
    #[must_use]
    pub fn of_process() -> Self {
        OF_PROCESS.clone()
    }

    /// The maximum number of bytes that may be buffered at one time.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// The number of bytes that are buffered now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Creates an empty reservation in this budget, for one request.
    pub fn reserve(&self) -> BufferPermit {
        BufferPermit { budget: Some(self.clone()), bytes: 0 }
    }

    /// How much of the budget may be in use, in total, for a request that holds
    /// this many bytes to fit.
    fn ceiling(&self, bytes: usize) -> usize {
        let eighths_for_smaller = if bytes <= SMALL {
            0
        } else if bytes <= MEDIUM {
            1
        } else {
            2
        };
        self.limit() - self.limit() / 8 * eighths_for_smaller
    }
}

static OF_PROCESS: LazyLock<BufferBudget> = LazyLock::new(|| BufferBudget::new(64 * 1024 * 1024));

/// The size of a delivery of most providers, head and body.
const SMALL: usize = 16 * 1024;
const MEDIUM: usize = 128 * 1024;

impl fmt::Debug for BufferBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferBudget")
            .field("limit", &self.limit())
            .field("used", &self.used())
            .finish()
    }
}

/// The reservation of one request in a [`BufferBudget`]; released when it is
/// dropped.
#[must_use = "if it is dropped, its bytes are released while they are still buffered"]
pub struct BufferPermit {
    /// `None` if the bytes are not counted.
    budget: Option<BufferBudget>,
    bytes: usize,
}

impl BufferPermit {
    /// A reservation in no budget, without a limit: for a body that is already in
    /// memory, and that the caller holds anyway.
    pub(crate) const fn uncounted() -> Self {
        Self { budget: None, bytes: 0 }
    }

    /// Reserves more bytes.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`] if they do not fit in addition to the bytes of other
    /// requests. The reservation is then unchanged.
    #[inline]
    pub fn grow(&mut self, bytes: usize) -> Result<(), BudgetExceeded> {
        let Some(budget) = &self.budget else { return Ok(()) };
        let holds = self.bytes.checked_add(bytes).ok_or(BudgetExceeded)?;
        let ceiling = budget.ceiling(holds);
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= ceiling);
        let grown = budget.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        grown.map_err(|_| BudgetExceeded)?;
        self.bytes = holds;
        Ok(())
    }
}

impl Drop for BufferPermit {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for BufferPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPermit").field("bytes", &self.bytes).finish()
    }
}

/// The bytes do not fit into the budget, in addition to those of other requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetExceeded;

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the memory budget for requests is exceeded")
    }
}

impl std::error::Error for BudgetExceeded {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_released_on_drop() {
        let budget = BufferBudget::new(10);
        let mut one = budget.reserve();
        let mut other = budget.reserve();
        assert!(one.grow(4).is_ok() && other.grow(6).is_ok());
        assert_eq!(budget.used(), 10);
        assert!(one.grow(1).is_err() && other.grow(usize::MAX).is_err());
        drop(other);
        assert_eq!(budget.used(), 4);
        assert!(one.grow(6).is_ok());
        drop(one);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn large_requests_leave_a_quarter_to_smaller_ones_and_medium_ones_leave_an_eighth() {
        const MIB: usize = 1024 * 1024;
        let budget = BufferBudget::new(16 * MIB);
        let fill = |bytes| {
            let all = std::iter::from_fn(|| {
                let mut reserved = budget.reserve();
                reserved.grow(bytes).is_ok().then_some(reserved)
            });
            all.collect::<Vec<_>>()
        };
        let large = fill(MIB);
        assert_eq!(budget.used(), 12 * MIB);
        let medium = fill(MEDIUM);
        assert_eq!(budget.used(), 14 * MIB);
        let small = fill(SMALL);
        assert_eq!(budget.used(), 16 * MIB);
        drop((large, medium, small));
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_request_is_sized_by_its_total_and_not_by_its_latest_piece() {
        let budget = BufferBudget::new(16 * MEDIUM);
        let mut one = budget.reserve();
        while one.grow(1024).is_ok() {}
        assert_eq!(budget.used(), 12 * MEDIUM);
    }
}
