//! What is asked of the next training: losses x policies x rates x seeds, and what they share.

use super::group_by::GroupBy;
use crate::compute::train::{HeadShape, Loss};
use crate::desktop::core::{HeldOut, Session};
use crate::error::{Error, Result};
use crate::learn::{ClientsBy, Grouping, OptimizerKind, Policy, Setup};

/// The next training.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Losses.
    pub losses: Vec<Loss>,
    /// Sampling policies.
    pub policies: Vec<Policy>,
    /// Learning rates, as they are typed.
    pub rates: String,
    /// Runs of each kind.
    pub seeds: usize,
    /// What is held out.
    pub held_out: HeldOut,
    /// Margin of the hinges; `None` for each loss's usual one.
    pub margin: Option<f32>,
    /// Seconds of training, of policies with a budget.
    pub seconds: f64,
    /// What captions are grouped by; both are crossed.
    pub groups: [GroupBy; 2],
    /// All else; its loss, policy, rate and seed are not read.
    pub rest: Setup,
}

impl Default for Form {
    fn default() -> Self {
        let named = |name: &str| name.parse::<Loss>().ok();
        Self {
            losses: ["sh", "mh", "infonce"]
                .into_iter()
                .filter_map(named)
                .collect(),
            policies: vec![Policy::default()],
            rates: "2e-4".into(),
            seeds: 5,
            held_out: HeldOut::default(),
            margin: None,
            seconds: 2.0,
            groups: Default::default(),
            rest: Setup::new(Loss::default(), 64, 64),
        }
    }
}

impl Form {
    /// The runs, for rows of `inputs` values.
    ///
    /// # Errors
    /// Nothing to train, rates that are no numbers, a setup that trains nothing.
    pub fn setups(&self, inputs: usize) -> Result<Vec<Setup>> {
        if self.losses.is_empty() || self.policies.is_empty() {
            return Err(Error::request(
                "no loss or no policy is chosen",
                "Choose at least one of each.",
            ));
        }
        if self.draws_from_groups() && self.groups.iter().all(GroupBy::is_nothing) {
            return Err(Error::request(
                "the policy \"expand\" draws from groups of captions, and there are none",
                "Choose what captions are grouped by.",
            ));
        }
        if self.clients_hold_groups() && self.groups.iter().all(GroupBy::is_nothing) {
            return Err(Error::request(
                "clients are to hold groups of captions, and there are none",
                "Choose what captions are grouped by.",
            ));
        }
        let rates = self.rates()?;
        let mut all = Vec::new();
        for &rate in &rates {
            for &loss in &self.losses {
                for &policy in &self.policies {
                    for seed in 1..=self.seeds.max(1) as u64 {
                        let setup = self.setup(inputs, loss, policy, rate, seed);
                        setup.check()?;
                        all.push(setup);
                    }
                }
            }
        }
        Ok(all)
    }

    /// Does a policy draw from groups?
    pub fn draws_from_groups(&self) -> bool {
        self.policies.iter().any(|p| p.description().by_groups)
    }

    /// Does each client hold groups of captions?
    fn clients_hold_groups(&self) -> bool {
        self.rest.optimizer.kind.by_clients() && self.rest.federation.by == ClientsBy::Groups
    }

    /// Is there nothing to train without groups?
    pub fn needs_groups(&self) -> bool {
        self.draws_from_groups() || self.clients_hold_groups()
    }

    /// What captions are grouped by, of what is open.
    ///
    /// # Errors
    /// No words or no file where there should be some, a set that is not there.
    pub fn groupings(&self, session: &Session) -> Result<Vec<Grouping>> {
        let all = self.groups.iter();
        all.filter_map(|by| by.grouping(session).transpose())
            .collect()
    }

    fn setup(&self, inputs: usize, loss: Loss, policy: Policy, rate: f32, seed: u64) -> Setup {
        let usual = Setup::new(loss, inputs, inputs);
        let mut setup = Setup {
            head: HeadShape {
                inputs,
                outputs: if self.rest.head.residual {
                    inputs
                } else {
                    self.rest.head.outputs
                },
                ..self.rest.head
            },
            loss,
            margin: self.margin.unwrap_or(usual.margin),
            policy,
            budget: Some(self.seconds),
            seed,
            ..self.rest.clone()
        };
        setup.optimizer.rate = rate;
        setup.normalised()
    }

    /// The rates that are typed.
    ///
    /// # Errors
    /// One is no number, or named twice; there are none.
    pub fn rates(&self) -> Result<Vec<f32>> {
        let mut rates = Vec::new();
        for text in self.rates.split([',', ' ', ';']).filter(|t| !t.is_empty()) {
            let rate = text.parse::<f32>().ok().filter(|rate| rate.is_finite());
            let rate = rate.ok_or_else(|| {
                Error::request(
                    format!("{text:?} is no learning rate"),
                    "Type rates such as 2e-4, with commas between them.",
                )
            })?;
            if rates.contains(&rate) {
                return Err(Error::request(
                    format!("the rate {text} is there twice"),
                    "Type each once.",
                ));
            }
            rates.push(rate);
        }
        if rates.is_empty() {
            return Err(Error::request(
                "there is no learning rate",
                "Type one, such as 2e-4.",
            ));
        }
        Ok(rates)
    }

    /// The rates with commas between them; as they are typed where one is no number.
    fn rates_told(&self) -> String {
        let rates = self.rates().map(|rates| {
            let rates = rates.into_iter().map(crate::learn::rate);
            rates.collect::<Vec<String>>().join(",")
        });
        rates.unwrap_or_else(|_| format!("'{}'", self.rates))
    }

    /// The runs as arguments of `nearmiss learn`, with captions grouped by `groupings`; the source of the data is left to
    /// the reader.
    pub fn command(&self, groupings: &[Grouping]) -> String {
        let rest = &self.rest;
        let names = |all: Vec<&str>| all.join(",");
        let mut words = vec![
            "nearmiss learn".into(),
            format!(
                "--loss {}",
                names(self.losses.iter().map(|l| l.name()).collect())
            ),
            format!(
                "--policy {}",
                names(self.policies.iter().map(|p| p.name()).collect())
            ),
            format!("--optimizer {}", rest.optimizer.kind.name()),
            format!("--lr {}", self.rates_told()),
            format!(
                "--batch {} --epochs {} --seeds {}",
                rest.batch, rest.epochs, self.seeds
            ),
        ];
        let mut flag = |on: bool, text: String| {
            if on {
                words.push(text);
            }
        };
        let head = rest.head;
        flag(!head.residual, format!("--dim {}", head.outputs));
        flag(head.residual, "--residual".into());
        flag(head.shared, "--shared".into());
        flag(head.bias, "--bias".into());
        if let Some(hidden) = head.hidden {
            let name = hidden.activation.name();
            flag(
                true,
                format!("--hidden {} --activation {name}", hidden.width),
            );
        }
        if let Some(margin) = self.margin {
            flag(true, format!("--margin {margin}"));
        }
        let o = &rest.optimizer;
        flag(o.momentum > 0.0, format!("--momentum {}", o.momentum));
        flag(o.decay > 0.0, format!("--weight-decay {}", o.decay));
        if let Some(clip) = o.clip {
            flag(true, format!("--clip {clip}"));
        }
        flag(
            rest.schedule != crate::learn::Schedule::default(),
            format!("--schedule {}", rest.schedule.name()),
        );
        flag(rest.warmup > 0.0, format!("--warmup {}", rest.warmup));
        let nce = self.losses.iter().any(|loss| loss.has_temperature());
        flag(nce, format!("--temperature {}", rest.temperature));
        flag(nce && rest.learn_temperature, "--learn-temperature".into());
        let warms = self.losses.iter().any(|loss| loss.description().warms);
        flag(warms, format!("--warm {}", rest.warm));
        let budget = self.policies.iter().any(|p| p.description().by_seconds);
        flag(budget, format!("--budget {}", self.seconds));
        for by in groupings {
            flag(true, format!("--groups {}", by.argument()));
        }
        let e = rest.expansion;
        flag(
            self.draws_from_groups(),
            format!(
                "--warm-epochs {} --expand-by {} --expand-every {}",
                e.warm, e.by, e.every
            ),
        );
        let f = rest.federation;
        flag(
            o.kind.by_clients(),
            format!(
                "--clients {} --sync {} --clients-by {}",
                f.clients, f.sync, f.by
            ),
        );
        flag(
            o.kind == OptimizerKind::FedAdam,
            format!("--server-lr {}", crate::learn::rate(f.server_rate)),
        );
        let f = rest.friendly;
        flag(
            self.policies.iter().any(|p| p.description().eases),
            format!(
                "--friendly-radius {} --friendly-steps {} --friendly-until {}",
                f.radius, f.steps, f.until
            ),
        );
        flag(rest.mined > 0.0, format!("--mined {}", rest.mined));
        flag(
            rest.same_image != crate::learn::SameImage::default(),
            format!("--same-image {}", rest.same_image.name()),
        );
        flag(true, self.held_out.arguments());
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gives_every_combination_once() {
        let form = Form {
            rates: "2e-4, 1e-3".into(),
            ..Form::default()
        };
        let setups = form.setups(256).unwrap();
        assert_eq!(setups.len(), 3 * 2 * 5);
        let unlike = setups.iter().enumerate();
        assert!(unlike.clone().all(|(n, a)| !setups[..n].contains(a)));
        assert!(form.command(&[]).contains("--lr 2e-4,1e-3"));
        let expand = Form {
            policies: vec!["expand".parse().unwrap()],
            ..form.clone()
        };
        assert!(expand.setups(256).is_err(), "without groups");
        let grouped = Form {
            groups: [GroupBy::Length, GroupBy::Nothing],
            ..expand
        };
        assert!(grouped.setups(256).is_ok());
        let command = grouped.command(&[Grouping::Length]);
        assert!(
            command.contains("--groups length --warm-epochs 5 --expand-by 100 --expand-every 1")
        );
        let mut clients = form.clone();
        clients.rest.optimizer.kind = OptimizerKind::FedLalr;
        clients.rest.federation.by = ClientsBy::Dirichlet(0.1);
        assert!(clients.setups(256).is_ok());
        let command = clients.command(&[]);
        assert!(command.contains("--clients 4 --sync 8 --clients-by dirichlet:0.1"));
        clients.rest.federation.by = ClientsBy::Groups;
        assert!(clients.setups(256).is_err(), "without groups");
        for rates in ["", "fast", "1e-3,1e-3", "inf", "-1"] {
            let form = Form {
                rates: rates.into(),
                ..Form::default()
            };
            assert!(form.setups(256).is_err(), "{rates:?}");
        }
    }
}
