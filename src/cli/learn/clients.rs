//! How clients train, of optimizers that have some.

use crate::error::{Error, Result};
use crate::learn::{ClientsBy, Federation, OptimizerKind};
use clap::Args;

/// Clients.
#[derive(Debug, Args)]
pub struct ClientArgs {
    /// Clients of fedlalr, fedavg and fedadam, simulated in turn; several numbers, separated by commas, are runs each (default:
    /// 4)
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub clients: Vec<usize>,
    /// R: steps of each client from one round to the next, separated by commas (default: 8)
    #[arg(long, value_name = "R", value_delimiter = ',')]
    pub sync: Vec<usize>,
    /// What each client holds: random (as many images each), groups (those of --groups, whole), or dirichlet:ALPHA (of each
    /// group, or of each of ten clusters of the images, shares drawn from a Dirichlet distribution; the smaller ALPHA, the less
    /// alike clients are) (default: random)
    #[arg(long, value_name = "WAY")]
    clients_by: Option<ClientsBy>,
    /// Learning rate of the server of fedadam (default: 0.01); --lr is that of its clients
    #[arg(long, value_name = "RATE")]
    server_lr: Option<f32>,
}

impl ClientArgs {
    /// Refuses what `optimizer` does not read, and clients by groups where there are none.
    ///
    /// # Errors
    /// Such settings.
    pub fn check(&self, optimizer: OptimizerKind, are_grouped: bool) -> Result<()> {
        let given = [
            ("--clients", !self.clients.is_empty()),
            ("--sync", !self.sync.is_empty()),
            ("--clients-by", self.clients_by.is_some()),
        ];
        let given = given.iter().find(|(_, given)| *given);
        if let Some((flag, _)) = given.filter(|_| !optimizer.by_clients()) {
            return Err(Error::request(
                format!(
                    "{} has no clients that {flag} would be of",
                    optimizer.title()
                ),
                format!("Leave out {flag}, or train by --optimizer fedlalr, fedavg or fedadam."),
            ));
        }
        if self.server_lr.is_some() && optimizer != OptimizerKind::FedAdam {
            return Err(Error::request(
                format!("{} has no server that learns", optimizer.title()),
                "Leave out --server-lr, or train by --optimizer fedadam.",
            ));
        }
        if self.clients_by == Some(ClientsBy::Groups) && !are_grouped {
            return Err(Error::request(
                "clients are to hold groups of captions, and there are none",
                "Say how captions are grouped, such as --groups folder or --groups FILE.npy.",
            ));
        }
        Ok(())
    }

    /// All that are asked for: clients x rounds.
    pub fn federations(&self) -> Vec<Federation> {
        let usual = Federation::default();
        let or = |given: &[usize], usual: usize| match given {
            [] => vec![usual],
            given => given.to_vec(),
        };
        let all = or(&self.clients, usual.clients);
        let all = all.into_iter().flat_map(|clients| {
            or(&self.sync, usual.sync)
                .into_iter()
                .map(move |sync| (clients, sync))
        });
        all.map(|(clients, sync)| Federation {
            clients,
            sync,
            by: self.clients_by.unwrap_or(usual.by),
            server_rate: self.server_lr.unwrap_or(usual.server_rate),
        })
        .collect()
    }
}
