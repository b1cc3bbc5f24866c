//! Training by clients, simulated: each takes R steps on its own pairs alone, then a server puts together what they learned.
//!
//! `FedLALR` (Sun et al., arXiv 2309.09719): each client goes by `AMSGrad`. Every R steps weights x, first moments m and
//! largest second moments v-hat are averaged, and each client goes on from the means; its second moment v it keeps to itself,
//! so that its rate a / sqrt(max(v-hat, v)) comes of its own gradients and of what all had at the last round. Of the paper only
//! the abstract and reports by others could be read. As these tell algorithm 1, v begins each round as v-hat; here it goes on
//! from where it was, so that one client that meets after every step is `AMSGrad`. Epsilon is added outside the root in place
//! of a v-hat that begins at its square.
//!
//! `FedAvg` (`McMahan` et al. 2017, arXiv 1602.05629): plain SGD, and the mean of the weights. `FedAdam` (Reddi et al. 2021, arXiv
//! 2003.00295, algorithm 2): plain SGD, and a server that takes a step of Adam, without corrections for the start, along the
//! mean change of the weights.
//!
//! Of all three: every client takes part in every round, and means count each client by its pairs, as in `FedAvg`; those of the
//! other papers are plain, which is the same where clients have as many. A step is one step of each client, on a batch of its
//! own pairs: the setup's batch, or all of its pairs where it has fewer. An epoch is as many steps as draw as many pairs as
//! there are. A run ends with a round, which may be shorter than the others.

mod client;
mod deal;
mod dirichlet;
mod rounds;
mod server;

pub use rounds::train;
