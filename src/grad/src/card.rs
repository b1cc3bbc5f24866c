//! A model card: what goes in and out, what can be differentiated, and how well that was seen to work.

use super::check::Taken;
use super::measured::Reached;
use super::product::product;
use super::timed::Timed;
use super::{
    COTANGENT, Fault, Gradient, Measured, Objective, Request, Second, Survey, Target, check,
    differentiate, lower, seeded_cotangent,
};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::onnx::{Elem, Graph, GraphEngine, Port, Tensor, upgrade};
use std::collections::BTreeMap;
use std::time::Instant;

/// What is known of a model and its gradient.
#[derive(Debug, Clone)]
pub struct Card {
    /// What must be fed.
    pub inputs: Vec<Port>,
    /// What comes out.
    pub outputs: Vec<Port>,
    /// Weights: how many numbers the model holds.
    pub parameters: usize,
    /// Version of the default operator set.
    pub opset: i64,
    /// What the gradient is with respect to: inputs, initializers, or the output of the embedding table.
    pub wrt: Vec<String>,
    /// Is the first of those the output of the embedding table?
    pub tokens: bool,
    /// Operators with their standing, and what blocks.
    pub survey: Survey,
    /// What running it showed; `None` where it is blocked.
    pub measured: Option<Measured>,
}

/// Time given to measuring how long the model takes.
const SECONDS: f64 = 1.0;

/// What is to be examined.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// A value for every input.
    pub feeds: BTreeMap<String, Tensor>,
    /// The cotangent of the output; `None` for the seeded normal one.
    pub cotangent: Option<Tensor>,
    /// The output; `None` for the first one.
    pub output: Option<String>,
    /// Directions of the self-check; 0 for none.
    pub check: usize,
    /// What the gradient is taken with respect to; none for the first input of floats, else the token embeddings.
    pub targets: Vec<Target>,
    /// A product to be made besides the gradient.
    pub product: Option<Second>,
    /// The direction of that for each target; none for seeded normal ones.
    pub tangents: Vec<Tensor>,
}

/// Makes the card of `graph`: differentiates it, runs it on the sample and checks it. A model that cannot be
/// differentiated gets a card that says so.
///
/// # Errors
/// The sample does not fit the model, the engine failed, or `monitor` stopped it.
pub fn examine(
    graph: &Graph,
    sample: &Sample,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<Card> {
    monitor.begin("Examining the model", 0);
    let targets = match sample.targets.as_slice() {
        [] => vec![Target::first_input(graph)?],
        some => some.to_vec(),
    };
    let tokens = targets.first() == Some(&Target::Tokens);
    let request = Request {
        feeds: sample.feeds.clone(),
        targets,
        output: sample.output.clone(),
        objective: Objective::Vjp,
        normalise: None,
    };
    let mut card = Card::new(graph, tokens);
    let gradient = match differentiate(graph, &request, engine, monitor) {
        Ok(gradient) => gradient,
        Err(Error::NoGradient { blocking, .. }) => {
            card.survey = Survey::of_request(graph, &request)?;
            card.survey.block(blocking);
            return Ok(card);
        }
        Err(error) => return Err(error),
    };
    card.survey = gradient.survey.clone();
    card.wrt.clone_from(&gradient.wrt);
    let info = gradient.graph.infos.get(&gradient.output);
    let shape = info.map(|i| i.shape.clone()).unwrap_or_default();
    let cotangent = match &sample.cotangent {
        Some(cotangent) if cotangent.shape() != shape => {
            return Err(Error::request(
                format!(
                    "the cotangent has the shape {:?}, the output {} has {shape:?}",
                    cotangent.shape(),
                    gradient.output
                ),
                "Give one value for each of the output.",
            ));
        }
        Some(cotangent) => cotangent.clone(),
        None => seeded_cotangent(&shape, 1),
    };
    let mut forward = graph.clone();
    upgrade(&mut forward)?;
    // What the gradient is with respect to may be a value that is made there.
    lower::write_out(&mut forward);
    forward.outputs = vec![gradient.output.clone()];
    forward.prune();
    let mut feeds = sample.feeds.clone();
    feeds.insert(COTANGENT.into(), cotangent.clone());
    let (mut plain, _) = Timed::start(&forward, engine, &feeds, monitor)?;
    let (mut whole, results) = Timed::start(&gradient.graph, engine, &feeds, monitor)?;
    // Turn by turn, so that whatever else the machine does hits both alike.
    let begun = Instant::now();
    while whole.turns() < 3 || (whole.turns() < 25 && begun.elapsed().as_secs_f64() < SECONDS) {
        plain.turn(monitor)?;
        whole.turn(monitor)?;
    }
    let (forward_ms, gradient_ms) = (plain.median(), whole.median());
    let provider = whole.provider();
    drop((plain, whole));
    let at = (&sample.feeds, &cotangent);
    let targets = reached(
        &forward,
        &gradient,
        at,
        results,
        sample.check,
        (engine, monitor),
    )?;
    let mut measured = Measured {
        graph: gradient.graph,
        targets,
        product: None,
        forward_ms,
        gradient_ms,
        provider,
    };
    if let Some(second) = sample.product {
        let made = product(
            graph,
            (&request, second),
            (&measured.targets, &feeds, &sample.tangents),
            engine,
            monitor,
        )?;
        measured.graph = made.0;
        measured.product = Some(made.1);
    }
    card.measured = Some(measured);
    Ok(card)
}

/// The gradient with respect to each target, out of the `results` of a run at feeds and cotangent, each checked in so many
/// directions.
fn reached(
    forward: &Graph,
    gradient: &Gradient,
    (feeds, cotangent): (&BTreeMap<String, Tensor>, &Tensor),
    results: Vec<Tensor>,
    directions: usize,
    (engine, monitor): (&dyn GraphEngine, &dyn Monitor),
) -> Result<Vec<Reached>> {
    let mut targets = Vec::with_capacity(gradient.wrt.len());
    for (wrt, value) in gradient.wrt.iter().zip(results.into_iter().skip(2)) {
        let taken = Taken {
            feeds,
            cotangent,
            wrt,
            gradient: &value,
        };
        let mut checked = None;
        if directions > 0 {
            let found = check(forward, gradient, &taken, directions, engine, monitor)?;
            checked = Some(found);
        }
        let depends = !gradient.apart.contains(wrt);
        targets.push(Reached::new(wrt, value, depends, checked));
    }
    Ok(targets)
}

impl Card {
    /// What the file alone says.
    fn new(graph: &Graph, tokens: bool) -> Self {
        let floats = graph.constants.values().filter(|t| t.elem().is_float());
        Self {
            inputs: graph.inputs.clone(),
            outputs: graph.ports_out(),
            parameters: floats.map(Tensor::len).sum(),
            opset: graph.opset,
            wrt: Vec::new(),
            tokens,
            survey: Survey::default(),
            measured: None,
        }
    }

    /// Does a gradient pass it?
    pub fn supported(&self) -> bool {
        self.survey.blocking.is_empty()
    }

    /// What is wrong with the gradient that was computed; `None` where nothing was found, and where there is no gradient.
    pub fn fault(&self) -> Option<Fault> {
        self.measured.as_ref().and_then(Measured::fault)
    }
}

/// Does this model take floats, so that a sample can be given as numbers?
pub fn main_input(graph: &Graph) -> Option<&Port> {
    let floats = graph
        .inputs
        .iter()
        .find(|p| p.elem.is_float() || p.elem == Elem::Other(0));
    floats.or(graph.inputs.first())
}
