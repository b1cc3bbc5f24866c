//! A model card: what goes in and out, what can be differentiated, and how well that was seen to work.

use super::check::{Taken, defects};
use super::{
    COTANGENT, Fault, Measured, Objective, Request, Survey, Target, check, differentiate, lower,
    seeded_cotangent,
};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::onnx::{Effort, Elem, Graph, GraphEngine, Port, Program, Tensor, upgrade};
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
    /// What the gradient is with respect to: an input, or the output of the embedding table.
    pub wrt: String,
    /// Is that the output of the embedding table?
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
    let target = Target::first_input(graph)?;
    let mut request = Request::new(sample.feeds.clone(), target.clone(), Objective::Vjp);
    request.output.clone_from(&sample.output);
    let mut card = Card {
        inputs: graph.inputs.clone(),
        outputs: graph.ports_out(),
        parameters: graph
            .constants
            .values()
            .filter(|t| t.elem().is_float())
            .map(Tensor::len)
            .sum(),
        opset: graph.opset,
        wrt: String::new(),
        tokens: target == Target::Tokens,
        survey: Survey::default(),
        measured: None,
    };
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
    while whole.times.len() < 3
        || (whole.times.len() < 25 && begun.elapsed().as_secs_f64() < SECONDS)
    {
        plain.turn(monitor)?;
        whole.turn(monitor)?;
    }
    let (forward_ms, gradient_ms) = (plain.median(), whole.median());
    let provider = whole.program.provider().to_owned();
    drop((plain, whole));
    let value = results.into_iter().nth(2).ok_or_else(|| {
        Error::request(
            "the gradient is missing from the run",
            "Please report this.",
        )
    })?;
    let checked = if sample.check > 0 {
        let taken = Taken {
            feeds: &sample.feeds,
            cotangent: &cotangent,
            gradient: &value,
        };
        Some(check(
            &forward,
            &gradient,
            &taken,
            sample.check,
            engine,
            monitor,
        )?)
    } else {
        None
    };
    let (not_finite, zero) = defects(&value.to_floats().unwrap_or_default());
    card.measured = Some(Measured {
        graph: gradient.graph,
        gradient: value,
        not_finite,
        zero,
        check: checked,
        forward_ms,
        gradient_ms,
        provider,
    });
    Ok(card)
}

/// A loaded graph with its inputs, and the times it took.
struct Timed<'a> {
    program: Box<dyn Program>,
    feeds: Vec<(&'a str, &'a Tensor)>,
    times: Vec<f64>,
}

impl<'a> Timed<'a> {
    /// Loads `graph` and runs it once, which allocates and does not count; the results come with it.
    fn start(
        graph: &'a Graph,
        engine: &dyn GraphEngine,
        feeds: &'a BTreeMap<String, Tensor>,
        monitor: &dyn Monitor,
    ) -> Result<(Self, Vec<Tensor>)> {
        let mut program = engine.load(graph, Effort::Often)?;
        let ports = graph.inputs.iter();
        let feeds: Vec<_> = ports
            .filter_map(|p| Some((p.name.as_str(), feeds.get(&p.name)?)))
            .collect();
        let results = program.run(&feeds, monitor)?;
        let timed = Self {
            program,
            feeds,
            times: Vec::new(),
        };
        Ok((timed, results))
    }

    fn turn(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let start = Instant::now();
        self.program.run(&self.feeds, monitor)?;
        self.times.push(start.elapsed().as_secs_f64() * 1e3);
        Ok(())
    }

    /// Median, in milliseconds.
    fn median(&mut self) -> f64 {
        self.times.sort_by(f64::total_cmp);
        self.times.get(self.times.len() / 2).copied().unwrap_or(0.0)
    }
}

impl Card {
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
