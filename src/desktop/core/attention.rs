//! Long jobs that end while the window is not in front.

use super::slot::JobView;
use crate::task::JobId;
use std::time::{Duration, Instant};

/// A job that takes at least this long is one that the user goes away from.
const LONG: Duration = Duration::from_secs(10);

/// The jobs under way, with when they were seen first.
#[derive(Debug, Default)]
pub struct Attention {
    since: Vec<(JobId, Instant)>,
}

impl Attention {
    /// Takes in the jobs that are under way at this moment; has a long one ended since the last call?
    pub fn long_ended(&mut self, jobs: &[JobView], now: Instant) -> bool {
        let mut long = false;
        self.since.retain(|(id, since)| {
            let runs = jobs.iter().any(|job| job.job == *id);
            long |= !runs && now.duration_since(*since) >= LONG;
            runs
        });
        for job in jobs {
            if !self.since.iter().any(|(id, _)| *id == job.job) {
                self.since.push((job.job, now));
            }
        }
        long
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Jobs, Task};

    #[test]
    fn long_jobs_that_end_are_noticed_once_and_short_ones_never() {
        let mut jobs: Jobs<u8, ()> = Jobs::new(|| {});
        for slot in [0, 1] {
            jobs.start(slot, "work", |_| Ok(()));
        }
        let views: Vec<JobView> = jobs
            .running()
            .into_iter()
            .map(|(_, job)| JobView {
                job: job.id,
                progress: Task::detached().progress(),
            })
            .collect();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut attention = Attention::default();
        assert!(!attention.long_ended(&views[..1], after(0)));
        assert!(!attention.long_ended(&views, after(8)));
        // The second one ends after 3 seconds, the first one after 12.
        assert!(!attention.long_ended(&views[..1], after(11)));
        assert!(attention.long_ended(&[], after(12)));
        assert!(!attention.long_ended(&[], after(13)));
    }
}
