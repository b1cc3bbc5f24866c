//! What `learn` prints of clients.

use crate::learn::{Exchange, Run};
use serde::Serialize;

/// The clients of a run; all null of an optimizer without.
#[derive(Serialize)]
pub struct ClientsAnswer {
    pub clients: Option<usize>,
    /// Steps of each from one round to the next.
    pub sync: Option<usize>,
    /// What each of them holds.
    pub clients_by: Option<String>,
    /// Pairs of each.
    pub client_pairs: Option<Vec<usize>>,
    /// Learning rate of the server, of `FedAdam`.
    pub server_lr: Option<f32>,
    #[serde(flatten)]
    pub exchange: ExchangeAnswer,
}

/// What clients sent up to a moment; null of an optimizer without.
#[derive(Serialize)]
pub struct ExchangeAnswer {
    pub rounds: Option<u64>,
    /// That all clients sent.
    pub bytes_up: Option<u64>,
    /// That they were sent.
    pub bytes_down: Option<u64>,
}

impl ExchangeAnswer {
    /// Of a moment of `run`.
    pub fn of(run: &Run, sent: Exchange) -> Self {
        let by_clients = run.setup.optimizer.kind.by_clients();
        let of = |value: u64| by_clients.then_some(value);
        Self {
            rounds: of(sent.rounds),
            bytes_up: of(sent.up),
            bytes_down: of(sent.down),
        }
    }
}

impl ClientsAnswer {
    /// Of `run`, at its end.
    pub fn of(run: &Run) -> Self {
        let kind = run.setup.optimizer.kind;
        let federation = Some(run.setup.federation).filter(|_| kind.by_clients());
        let server = kind == crate::learn::OptimizerKind::FedAdam;
        let last = run
            .last()
            .map_or_else(Exchange::default, |last| last.exchange);
        Self {
            clients: federation.map(|f| f.clients),
            sync: federation.map(|f| f.sync),
            clients_by: federation.map(|f| f.by.to_string()),
            client_pairs: federation.map(|_| run.client_pairs.clone()),
            server_lr: federation.filter(|_| server).map(|f| f.server_rate),
            exchange: ExchangeAnswer::of(run, last),
        }
    }
}
