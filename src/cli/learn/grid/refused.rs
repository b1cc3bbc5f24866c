//! What can be seen to be no set of runs.

use super::Grid;
use crate::compute::train::Loss;
use crate::error::{Error, Result};
use crate::learn::Policy;
use crate::learn::forget::can_forget;

impl Grid {
    /// Refuses what can be seen to be no set of runs before any data is read.
    ///
    /// # Errors
    /// No runs, or several that would be one.
    pub fn check(&self) -> Result<()> {
        if self.seeds == 0 {
            return Err(Error::request(
                "no seeds make no runs",
                "Give --seeds from 1.",
            ));
        }
        if self.seeds > 1 && self.init.is_some() && self.order.is_some() {
            return Err(Error::request(
                "with the same start and the same order all seeds give the same run, and their band would be false",
                "Leave out --seeds, or one of --init and --order.",
            ));
        }
        if self.seeds > 1 && self.order.is_some() && self.residual && self.hidden.is_none() {
            return Err(Error::request(
                "linear heads that start from the embeddings as they are start alike, and with one order all seeds give the \
                 same run: their band would be false",
                "Leave out --seeds, --residual or --order.",
            ));
        }
        if self.order.is_some() {
            let uniform = self
                .policy
                .iter()
                .all(|policy| *policy == Policy::default());
            if !uniform || self.mined > 0.0 {
                return Err(Error::request(
                    "a given order leaves a policy nothing to choose",
                    "Leave out --policy and --mined, or --order.",
                ));
            }
        }
        for (what, twice) in [
            ("loss", repeated(&self.loss)),
            ("policy", repeated(&self.policy)),
            ("rate", repeated(&self.lr)),
            ("number of clients", repeated(&self.federated.clients)),
            ("length of a round", repeated(&self.federated.sync)),
        ] {
            if twice {
                return Err(Error::request(
                    format!("a {what} is named twice"),
                    "Name each once.",
                ));
            }
        }
        self.check_foreign()?;
        // With sizes that fit, so that what is wrong with the rest is told now.
        for setup in self.setups(self.dim.unwrap_or(64)) {
            setup.check()?;
        }
        Ok(())
    }

    /// Refuses runs of several kinds, and runs that none without some of their pairs could be compared with.
    ///
    /// # Errors
    /// As [`Grid::check`]; several losses, policies or rates; given start weights or orders.
    pub fn check_one_kind(&self) -> Result<()> {
        self.check()?;
        if self.loss.len() > 1 || self.policy.len() > 1 || self.lr.len() > 1 {
            return Err(Error::request(
                "heads of one kind at a time forget",
                "Give one --loss, one --policy and one --lr.",
            ));
        }
        if self.init.is_some() || self.order.is_some() {
            return Err(Error::request(
                "heads from given weights, or by a given order, have no like that was trained without some of their pairs",
                "Leave out --init and --order.",
            ));
        }
        let setups = self.setups(self.dim.unwrap_or(64));
        setups.iter().try_for_each(can_forget)
    }

    /// Refuses what none of the runs would read: a figure would be taken for one with it.
    fn check_foreign(&self) -> Result<()> {
        let any = |has: fn(Loss) -> bool| self.loss.iter().any(|&loss| has(loss));
        let policy = self
            .policy
            .iter()
            .any(|policy| policy.description().by_seconds);
        let temperature = any(Loss::has_temperature);
        let foreign = [
            (
                "--temperature",
                self.temperature.is_some() && !temperature,
                "infonce",
            ),
            (
                "--learn-temperature",
                self.learn_temperature && !temperature,
                "infonce",
            ),
            (
                "--margin",
                self.margin.is_some() && !any(|loss| loss.description().margin.is_some()),
                "mh",
            ),
            (
                "--warm",
                self.warm.is_some() && !any(|loss| loss.description().warms),
                "mixture",
            ),
        ];
        if let Some((flag, _, loss)) = foreign.into_iter().find(|(_, foreign, _)| *foreign) {
            return Err(Error::request(
                format!("none of the losses has what {flag} says"),
                format!("Leave out {flag}, or train by --loss {loss} too."),
            ));
        }
        if self.budget.is_some() && !policy {
            return Err(Error::request(
                "none of the policies keeps a time budget",
                "Leave out --budget, or add --policy budget.",
            ));
        }
        self.friendly.check(&self.policy)?;
        self.grouped.check(&self.policy)?;
        let are_grouped = self.grouped.are_there();
        self.federated.check(self.optimizer, are_grouped)
    }
}

fn repeated<T: PartialEq>(values: &[T]) -> bool {
    let mut all = values.iter().enumerate();
    all.any(|(n, value)| values[..n].contains(value))
}
