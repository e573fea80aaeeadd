//! What must hold in every history, and what the world knows to check it.

use countersign_core::{
    ClaimOutcome, CompleteOutcome, Degraded, Grant, OutagePolicy, ReleaseOutcome, RenewOutcome,
    Repeats,
};

use crate::clock::Owner;
use crate::faults::Cause;
use crate::random::Random;
use crate::store::{Reply, Step};
use crate::world::World;

/// An event of the sender.
pub(crate) struct Event {
    /// For everything that belongs to this event.
    pub(crate) random: Random,
    pub(crate) is_acknowledged: bool,
    /// The number of handlers that succeeded.
    pub(crate) successes: u32,
    pub(crate) dead_letters: u32,
    /// When the store lost a record of it.
    lost_ms: Vec<u64>,
    /// When the store last applied a step of it that holds it.
    touched_ms: u64,
    pub(crate) deliveries: Vec<usize>,
    pub(crate) last_code: &'static str,
    /// The number of attempts that the sender made by its schedule.
    pub(crate) attempts: usize,
    pub(crate) signed_ms: Option<i64>,
    grants: u32,
    /// When its success was recorded, by the store's clock.
    recorded_ms: i64,
}

impl Event {
    pub(crate) fn new(seed: u64, event: usize) -> Self {
        Self {
            random: Random::of_part(seed, 100 + event as u64),
            is_acknowledged: false,
            successes: 0,
            dead_letters: 0,
            lost_ms: Vec::new(),
            touched_ms: 0,
            deliveries: Vec::new(),
            last_code: "",
            attempts: 0,
            signed_ms: None,
            grants: 0,
            recorded_ms: 0,
        }
    }
}

/// One request, and what became of it.
pub(crate) struct Delivery {
    pub(crate) event: usize,
    pub(crate) of: Owner,
    /// Whether the sender makes its next attempt after this one.
    pub(crate) is_scheduled: bool,
    pub(crate) began_ms: u64,
    pub(crate) is_waited_for: bool,
    handler: Handler,
    grant: Option<Grant>,
    has_faulted_claim: bool,
    has_faulted_step: bool,
    /// When its work ended or was dropped.
    pub(crate) ended_ms: Option<u64>,
    /// Its last grant or renewal in the store: when, and the end of the lease by the store's clock.
    granted: Option<(u64, i64)>,
    first_granted_ms: Option<u64>,
    /// When the store has recorded its success, and by the store's clock.
    completed: Option<(u64, i64)>,
    released_ms: Option<u64>,
    /// The numbers of the steps that granted it last, and that recorded its success.
    granted_step: u64,
    succeeded_ms: u64,
    completed_step: u64,
    /// Whether its work has begun, which its connection does not end.
    pub(crate) has_work: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handler {
    NotCalled,
    Running,
    Succeeded,
    /// Failed, panicked, or dropped.
    Ended,
}

impl Delivery {
    pub(crate) fn new(event: usize, of: Owner, is_scheduled: bool, began_ms: u64) -> Self {
        Self {
            event,
            of,
            is_scheduled,
            began_ms,
            is_waited_for: true,
            handler: Handler::NotCalled,
            grant: None,
            has_faulted_claim: false,
            has_faulted_step: false,
            ended_ms: None,
            granted: None,
            first_granted_ms: None,
            completed: None,
            released_ms: None,
            granted_step: 0,
            succeeded_ms: 0,
            completed_step: 0,
            has_work: false,
        }
    }

    pub(crate) fn faulted(&mut self, step: Step) {
        self.has_faulted_claim |= step == Step::Claim;
        self.has_faulted_step = true;
    }

    fn is_repeat(&self) -> bool {
        self.grant.is_some_and(|grant| grant.possible_duplicate && grant.degraded.is_none())
    }

    fn degraded(&self) -> Option<Degraded> {
        self.grant.and_then(|grant| grant.degraded)
    }

    fn is_in_same_life_as(&self, other: &Self) -> bool {
        (self.of.process, self.of.life) == (other.of.process, other.of.life)
    }
}

impl World {
    /// A handler begins: nothing else may have or have had its event, except for a listed cause.
    pub(crate) fn handler_begins(&mut self, delivery: usize, grant: Grant) {
        self.stats.handled += 1;
        let event = self.deliveries[delivery].event;
        self.tell(|_| format!("d{delivery} handles e{event}: {grant:?}"));
        let this = &mut self.deliveries[delivery];
        (this.handler, this.grant) = (Handler::Running, Some(grant));
        if grant.degraded.is_some() {
            self.processes[self.deliveries[delivery].of.process].observed.degraded += 1;
        }
        if let Err(problem) = self.check_grant(delivery) {
            self.violate(format!("d{delivery}: {problem}"));
        }
        let others = self.events[event].deliveries.clone();
        for other in others.into_iter().filter(|other| *other != delivery) {
            if !matches!(self.deliveries[other].handler, Handler::Running | Handler::Succeeded) {
                continue;
            }
            match self.cause(other, delivery) {
                Ok(cause) => {
                    self.stats.doubles[cause as usize] += 1;
                    self.tell(|_| format!("e{event} again, after d{other}: {cause:?}"));
                }
                Err(problem) => {
                    let state = self.deliveries[other].handler;
                    self.violate(format!(
                        "d{delivery} handles e{event}, although d{other} has it ({state:?}): {problem}"
                    ));
                }
            }
        }
    }

    fn check_grant(&self, delivery: usize) -> Result<(), &'static str> {
        let this = &self.deliveries[delivery];
        let is_held = this.degraded().is_none() && !this.is_repeat();
        let is_stale = this.granted.is_some_and(|(ms, _)| self.now_ms >= ms + self.plan.lease_ms);
        let disturbed_ms = self.processes[this.of.process].disturbed_ms;
        let is_disturbed = disturbed_ms.is_some_and(|ms| ms >= this.began_ms);
        if is_held && is_stale {
            return Err("its grant is older than its lease");
        }
        match this.degraded() {
            None if this.is_repeat() && self.plan.repeats == Some(Repeats::Suppress) => {
                Err("a repeat is handled by an endpoint that suppresses repeats")
            }
            None if !this.is_repeat() && this.granted.is_none() => {
                Err("a handler was called without a grant of the store")
            }
            None => Ok(()),
            Some(_) if !this.has_faulted_claim && !is_disturbed => {
                Err("degraded, although the store replied")
            }
            Some(_) if self.policy() == OutagePolicy::FailClosed => {
                Err("handled without a claim by an endpoint that fails closed")
            }
            Some(_) => Ok(()),
        }
    }

    pub(crate) fn policy(&self) -> OutagePolicy {
        let receiver = self.processes.iter().find_map(|process| process.receiver.as_ref());
        receiver.map_or(OutagePolicy::FailClosed, countersign_core::Receiver::outage_policy)
    }

    /// Why `second` handles an event that `first` handles or has handled.
    fn cause(&self, first: usize, second: usize) -> Result<Cause, String> {
        let (first, second) = (&self.deliveries[first], &self.deliveries[second]);
        // An endpoint that fails open asks the store, also about what its own process holds.
        let is_same = first.is_in_same_life_as(second) && self.policy() != OutagePolicy::FailOpen;
        if first.is_repeat() || second.is_repeat() {
            return Ok(Cause::Repeats);
        }
        if [first, second].iter().any(|it| it.degraded() == Some(Degraded::FailOpen)) {
            return Ok(Cause::FailOpen);
        }
        let retention_ms = self.retention_ms();
        let (None, Some((granted_ms, _))) = (second.degraded(), second.granted) else {
            let is_over = first.completed.is_some_and(|(_, completed)| {
                self.store_ms().saturating_sub(completed) >= retention_ms
            });
            return match is_same {
                true if is_over => Ok(Cause::RetentionOver),
                // The store has granted it again, so this process has forgotten it, too.
                true if self.was_lost_after(first) => Ok(Cause::StoreForgot),
                true => Err("this process knows it".to_owned()),
                false => Ok(Cause::LocalFallback),
            };
        };
        let lost = |from_ms: u64| {
            self.events[first.event].lost_ms.iter().any(|ms| (from_ms..=granted_ms).contains(ms))
        };
        if let Some((completed_ms, completed)) = first.completed
            && first.completed_step < second.granted_step
        {
            // A success that is recorded late is remembered for the rest of its retention.
            let since_success = self.now_ms.saturating_sub(first.succeeded_ms);
            let since = self.store_ms().saturating_sub(completed);
            let since = since.max(i64::try_from(since_success).unwrap_or(i64::MAX));
            return match () {
                () if lost(completed_ms) => Ok(Cause::StoreForgot),
                () if since >= retention_ms => Ok(Cause::RetentionOver),
                () => Err("the store has recorded its success".to_owned()),
            };
        }
        // An endpoint without a local fallback does not remember what the store has recorded.
        let is_forgotten =
            first.completed.is_some() && self.policy() != OutagePolicy::LocalFallback;
        let lost_ms = &self.events[first.event].lost_ms;
        let from_ms = first.first_granted_ms.unwrap_or(0).min(granted_ms);
        if is_same && is_forgotten && lost_ms.iter().any(|ms| *ms >= from_ms) {
            return Ok(Cause::StoreForgot);
        }
        if is_same && is_forgotten && self.store_offset_ms > 0 {
            return Ok(Cause::LeaseRanOut);
        }
        if is_same {
            return Err("it is in the same process".to_owned());
        }
        if first.degraded() == Some(Degraded::LocalFallback) {
            return Ok(Cause::LocalFallback);
        }
        // The lease that ran out is that of the earlier grant.
        let is_reverse = first.first_granted_ms.is_some_and(|first_ms| first_ms > granted_ms);
        let (holder, from_ms) = if is_reverse { (second, granted_ms) } else { (first, 0) };
        let Some((_, lease_until)) = holder.granted else {
            return Err("it has no grant".to_owned());
        };
        let is_lost = self.events[first.event].lost_ms.iter().any(|ms| *ms >= from_ms);
        if lost(first.first_granted_ms.unwrap_or(0)) || (is_reverse && is_lost) {
            return Ok(Cause::StoreForgot);
        }
        if let Some(released_ms) = holder.released_ms {
            return Err(format!("its claim was released at {released_ms} ms"));
        }
        if self.store_ms() < lease_until {
            return Err("its lease has not run out".to_owned());
        }
        let process = &self.processes[holder.of.process];
        let is_cut_off = holder.has_faulted_step
            || process.life != holder.of.life
            || process.disturbed_ms.is_some_and(|ms| ms >= holder.began_ms)
            || self.store_offset_ms > 0;
        if is_cut_off {
            return Ok(Cause::LeaseRanOut);
        }
        Err("its lease ran out without a fault".to_owned())
    }

    fn was_lost_after(&self, delivery: &Delivery) -> bool {
        let lost_ms = &self.events[delivery.event].lost_ms;
        delivery.completed.is_some_and(|(ms, _)| lost_ms.iter().any(|lost_ms| *lost_ms >= ms))
    }

    fn retention_ms(&self) -> i64 {
        let receiver = self.processes.iter().find_map(|process| process.receiver.as_ref());
        let retention = receiver.map_or(std::time::Duration::ZERO, |it| it.retention());
        i64::try_from(retention.as_millis()).unwrap_or(i64::MAX)
    }

    /// A handler has had its effect.
    pub(crate) fn handler_succeeds(&mut self, delivery: usize) {
        let event = self.deliveries[delivery].event;
        let now_ms = self.now_ms;
        let this = &mut self.deliveries[delivery];
        (this.handler, this.succeeded_ms) = (Handler::Succeeded, now_ms);
        self.events[event].successes += 1;
        self.tell(|_| format!("d{delivery} has handled e{event}"));
    }

    /// A handler ends, or is dropped.
    pub(crate) fn handler_ends(&mut self, delivery: usize, how: &str) {
        let this = &mut self.deliveries[delivery];
        if this.handler == Handler::Running {
            this.handler = Handler::Ended;
            self.tell(|_| format!("the handler of d{delivery} ends: {how}"));
        }
    }

    /// The work of a delivery ends, or is dropped.
    pub(crate) fn work_ends(&mut self, delivery: usize) {
        self.deliveries[delivery].ended_ms = Some(self.now_ms);
    }

    /// A response is ready for the sender.
    pub(crate) fn responds(&mut self, delivery: usize, status: u16, code: &'static str) {
        let event = self.deliveries[delivery].event;
        self.tell(|_| format!("d{delivery} responds {status} {code} to e{event}"));
        let is_handled = self.events[event].successes + self.events[event].dead_letters > 0;
        if (200..300).contains(&status) && !is_handled {
            self.violate(format!("e{event} is acknowledged, but not handled"));
        }
        if code == "in_flight" {
            self.check_holder(delivery);
        }
        if code == "exhausted" && self.events[event].grants < MAX_CRASHES {
            self.violate(format!("e{event} is exhausted after few attempts"));
        }
        self.events[event].last_code = code;
    }

    /// A claim whose delivery has ended holds its event for a lease at most.
    fn check_holder(&mut self, delivery: usize) {
        let event = &self.events[self.deliveries[delivery].event];
        let others = event.deliveries.iter().filter(|other| **other != delivery);
        let mut last_ms = Some(event.touched_ms);
        for other in others.map(|other| &self.deliveries[*other]) {
            last_ms = last_ms.and_then(|last| other.ended_ms.map(|ended| last.max(ended)));
        }
        let Some(last_ms) = last_ms else { return };
        let is_quiet = self.stats.faults == 0 && self.run.nth_call.is_none();
        // The wait for another attempt, and the calls of this one.
        let margin = if is_quiet { 3_500 } else { self.plan.lease_ms + 16_000 };
        let until = last_ms.max(self.last_stop_ms()) + margin;
        if until < self.now_ms {
            let event = self.deliveries[delivery].event;
            let since = self.now_ms - last_ms;
            self.violate(format!(
                "no attempt has held e{event} for {since} ms, but it is in flight"
            ));
        }
    }

    fn last_stop_ms(&self) -> u64 {
        let stopped = self.processes.iter().map(|process| process.stopped_until_ms);
        stopped.max().unwrap_or(0).min(self.now_ms)
    }

    /// The store has applied a step.
    pub(crate) fn applied(&mut self, call: usize, reply: Reply) {
        let (now_ms, store_ms) = (self.now_ms, self.store_ms());
        let (delivery, event, step) = {
            let call = &self.calls[call];
            (call.delivery, call.event, call.step)
        };
        let lease = i64::try_from(self.calls[call].attempt.lease.as_millis()).unwrap_or(i64::MAX);
        let lease_until = store_ms.saturating_add(lease);
        self.tell(|_| format!("the store applies {step:?} of d{delivery} to e{event}: {reply:?}"));
        self.steps += 1;
        let number = self.steps;
        let this = &mut self.deliveries[delivery];
        match reply {
            Reply::Claim(ClaimOutcome::Granted { .. }) => {
                this.granted_step = number;
                this.granted = Some((now_ms, lease_until));
                if this.first_granted_ms.is_none() {
                    self.events[event].grants += 1;
                    this.first_granted_ms = Some(now_ms);
                }
                self.events[event].touched_ms = now_ms;
            }
            Reply::Claim(ClaimOutcome::AtCapacity) => this.has_faulted_claim = true,
            Reply::Renew(RenewOutcome::Renewed) => {
                this.granted = Some((now_ms, lease_until));
                self.events[event].touched_ms = now_ms;
            }
            Reply::Complete(outcome) => {
                if this.completed.is_none() {
                    // The first success is the one that is remembered.
                    if outcome != CompleteOutcome::AlreadyDone {
                        self.events[event].recorded_ms = store_ms;
                    }
                    let recorded_ms = self.events[event].recorded_ms;
                    (this.completed, this.completed_step) = (Some((now_ms, recorded_ms)), number);
                }
                if this.handler != Handler::Succeeded && self.events[event].dead_letters == 0 {
                    self.violate(format!("the success of d{delivery} is recorded without one"));
                }
            }
            Reply::Release(ReleaseOutcome::Released) => {
                this.released_ms = Some(now_ms);
                if this.handler == Handler::Running && !this.is_repeat() {
                    self.violate(format!("d{delivery} is released while its handler runs"));
                }
            }
            _ => {}
        }
    }

    /// The caller has got its reply; none, if the store panics.
    pub(crate) fn replied(&mut self, call: usize, reply: Option<Reply>) {
        let (step, caller) = (self.calls[call].step, self.calls[call].caller);
        let (token, is_background) = (self.calls[call].attempt.token, caller.delivery.is_none());
        if self.processes[caller.process].life != caller.life {
            return;
        }
        let observed = &mut self.processes[caller.process].observed;
        match (step, reply) {
            (Step::Renew, None | Some(Reply::Rejected | Reply::Unknown)) => {
                observed.failed_renewals += 1;
            }
            (_, Some(Reply::Renew(RenewOutcome::Lost))) => observed.leases_lost += 1,
            (_, Some(Reply::Release(ReleaseOutcome::Released))) if is_background => {
                observed.background_releases += 1;
            }
            (_, Some(Reply::Complete(outcome))) => {
                let is_first = !observed.background_completions.contains(&token);
                if is_background && is_first {
                    observed.background_completions.push(token);
                }
                let is_late =
                    matches!(outcome, CompleteOutcome::RecordedLate | CompleteOutcome::AlreadyDone);
                observed.late += u64::from(is_late && (is_first || !is_background));
            }
            _ => {}
        }
    }

    /// The caller does not wait for the reply any more.
    pub(crate) fn gave_up(&mut self, call: usize) {
        let (step, caller) = (self.calls[call].step, self.calls[call].caller);
        let delivery = self.calls[call].delivery;
        self.deliveries[delivery].faulted(step);
        let process = &mut self.processes[caller.process];
        if step == Step::Renew && process.life == caller.life {
            process.observed.abandoned_renewals += 1;
        }
    }

    /// The store has lost a record, or has another one.
    pub(crate) fn lost_record(&mut self, event: usize) {
        self.events[event].lost_ms.push(self.now_ms);
        self.events[event].touched_ms = self.now_ms;
    }

    /// At the end, after a time without faults.
    pub(crate) fn check_end(&mut self) {
        for event in 0..self.events.len() {
            let state = &self.events[event];
            if state.deliveries.is_empty() || state.is_acknowledged {
                continue;
            }
            if state.last_code != "exhausted" {
                let code = state.last_code;
                self.violate(format!("e{event} is never acknowledged: {code}"));
            }
        }
        // The other policies also count what the attempts of one process do to each other.
        let is_exact = self.policy() == OutagePolicy::FailClosed;
        for (process, counters, observed) in self.counters() {
            let mut expect = |name: &str, is: u64, low: u64, high: u64| {
                if !(low..=high).contains(&is) {
                    self.violate(format!(
                        "p{process} has counted {name} = {is}, and not {low} to {high}"
                    ));
                }
            };
            let (failed, abandoned) = (observed.failed_renewals, observed.abandoned_renewals);
            let completed = observed.background_completions.len() as u64;
            let released = observed.background_releases;
            expect("degraded", counters.degraded, observed.degraded, observed.degraded);
            expect("renewals_failed", counters.renewals_failed, failed, failed + abandoned);
            expect("completions_lost", counters.completions_lost, 0, 0);
            let recorded = counters.completions_retried + counters.completions_after_outage;
            expect("background completions", recorded, completed, completed);
            let most = if is_exact { released } else { u64::MAX };
            expect("releases_retried", counters.releases_retried, released, most);
            let most = if is_exact { observed.leases_lost } else { u64::MAX };
            expect("leases_lost", counters.leases_lost, observed.leases_lost, most);
            if is_exact {
                expect("late_completions", counters.late_completions, observed.late, observed.late);
            }
        }
    }
}

const MAX_CRASHES: u32 = 5;
