//! How many clients train, what each of them holds, and when they meet.

use super::choices::OptimizerKind;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// Clients at most: each is trained by the same processor in turn.
const MOST: usize = 1_000;

/// How pairs are dealt to clients.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ClientsBy {
    /// Images at random, as many for each.
    #[default]
    Random,
    /// The groups of the captions, each to one client.
    Groups,
    /// Each group of the captions (else: each of ten clusters of the images) in shares drawn from a symmetric Dirichlet
    /// distribution with this concentration (Hsu, Qi and Brown 2019, arXiv 1909.06335): the smaller, the less alike clients
    /// are.
    Dirichlet(f64),
}

impl Display for ClientsBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Random => f.write_str("random"),
            Self::Groups => f.write_str("groups"),
            Self::Dirichlet(alpha) => write!(f, "dirichlet:{alpha}"),
        }
    }
}

impl From<ClientsBy> for String {
    fn from(by: ClientsBy) -> Self {
        by.to_string()
    }
}

impl TryFrom<String> for ClientsBy {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for ClientsBy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let alpha = text
            .strip_prefix("dirichlet:")
            .and_then(|alpha| alpha.parse().ok());
        match (text, alpha) {
            ("random", _) => Ok(Self::Random),
            ("groups", _) => Ok(Self::Groups),
            (_, Some(alpha)) => Ok(Self::Dirichlet(alpha)),
            _ => Err(Error::request(
                format!("{text:?} deals no pairs to clients"),
                "Choose random, groups, or dirichlet:ALPHA such as dirichlet:0.1.",
            )),
        }
    }
}

/// How clients train: of optimizers that have some.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Federation {
    /// Clients, from 1.
    pub clients: usize,
    /// Steps of each client from one round to the next, from 1: R.
    pub sync: usize,
    /// What each of them holds.
    pub by: ClientsBy,
    /// Learning rate of the server, of `FedAdam`.
    pub server_rate: f32,
}

impl Default for Federation {
    fn default() -> Self {
        Self {
            clients: 4,
            sync: 8,
            by: ClientsBy::default(),
            server_rate: 0.01,
        }
    }
}

impl Federation {
    /// With what `kind` does not read as it usually is.
    #[must_use]
    pub fn normalised(self, kind: OptimizerKind) -> Self {
        let usual = Self::default();
        match kind {
            OptimizerKind::FedAdam => self,
            _ if kind.by_clients() => Self {
                server_rate: usual.server_rate,
                ..self
            },
            _ => usual,
        }
    }

    /// Refuses what no clients train by.
    ///
    /// # Errors
    /// A number out of range.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: String, remedy: &str| Err(Error::request(what, remedy));
        if !(1..=MOST).contains(&self.clients) {
            let what = format!("{} clients train nothing here", self.clients);
            return refuse(what, "Choose from 1 to 1000 clients.");
        }
        if !(1..=1_000_000).contains(&self.sync) {
            let what = format!("clients that meet every {} steps never meet", self.sync);
            return refuse(what, "Choose a number of steps from 1.");
        }
        if let ClientsBy::Dirichlet(alpha) = self.by
            && !(1e-3..=1e6).contains(&alpha)
        {
            let what = format!("a Dirichlet distribution of concentration {alpha} deals no pairs");
            return refuse(what, "Choose one from 0.001 to 1000000, such as 0.1.");
        }
        if !(f32::MIN_POSITIVE..=1e6).contains(&self.server_rate) {
            let what = format!(
                "a server with a learning rate of {} learns nothing",
                self.server_rate
            );
            return refuse(what, "Choose a rate above 0, such as 0.01.");
        }
        Ok(())
    }

    /// "4 clients, R 8", for lists.
    pub fn title(&self) -> String {
        let clients = match self.clients {
            1 => "one client".to_owned(),
            count => format!("{count} clients"),
        };
        let by = match self.by {
            ClientsBy::Random => String::new(),
            by => format!(" by {by}"),
        };
        format!("{clients}{by}, R {}", self.sync)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_deal_are_the_same_after_they_were_kept() {
        for by in [
            ClientsBy::Random,
            ClientsBy::Groups,
            ClientsBy::Dirichlet(0.1),
        ] {
            assert_eq!(by.to_string().parse::<ClientsBy>().unwrap(), by);
        }
        for wrong in ["", "dirichlet", "dirichlet:", "dirichlet:few", "Random"] {
            assert!(wrong.parse::<ClientsBy>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_no_clients_train_by_is_refused() {
        let bad = |change: fn(&mut Federation)| {
            let mut federation = Federation::default();
            change(&mut federation);
            federation.check().is_err()
        };
        assert!(!bad(|_| ()));
        assert!(bad(|f| f.clients = 0));
        assert!(bad(|f| f.clients = MOST + 1));
        assert!(bad(|f| f.sync = 0));
        assert!(bad(|f| f.server_rate = 0.0));
        for alpha in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let by = ClientsBy::Dirichlet(alpha);
            let federation = Federation {
                by,
                ..Federation::default()
            };
            assert!(federation.check().is_err(), "{alpha}");
        }
    }
}
