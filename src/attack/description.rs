//! How an attack describes itself, and the handle by which it is chosen.

use super::Attack;
use super::loss::Loss;
use super::threat::{Norm, Threat};
use serde::{Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};

/// All that menus, `--help`, reports and the guide say of an attack, and how it is made. Each attack has one in its own
/// file; the list of its folder (`white/mod.rs`, `query/mod.rs`) names it.
#[derive(Debug)]
pub struct Description {
    /// The name on the command line, in reports and in saved runs.
    pub name: &'static str,
    /// The name in menus.
    pub title: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Authors and number of the paper; empty for a baseline.
    pub source: &'static str,
    /// What it needs of the model.
    pub needs: Needs,
    /// What it looks for.
    pub seeks: Seeks,
    /// The norms it works in: others are refused when it runs.
    pub norms: &'static [Norm],
    /// The norm that `l-inf` becomes, for an attack that is made for another one.
    pub linf_becomes: Option<Norm>,
    /// The settings that change it, beside the number of steps and the seed.
    pub takes: &'static [Parameter],
    /// Steps where none are asked for, in `unit`.
    pub steps: usize,
    /// What a step is.
    pub unit: Unit,
    /// Size of a step as a share of the radius where none is asked for; unused unless it takes [`Parameter::Step`].
    pub step: f32,
    /// What a step costs at most; `None` for an attack made of others.
    pub cost: Option<StepCost>,
    /// The attack with these parameters.
    pub build: fn(&Parameters) -> Box<dyn Attack>,
}

/// What an attack needs of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Gradients.
    Gradient,
    /// Gradients where there are any: parts of it work without.
    GradientIfAny,
    /// The scores of forward runs.
    Scores,
    /// Only whether the goal is reached.
    Decisions,
    /// Nothing: its points do not depend on what the model says of them.
    Nothing,
}

/// What an attack looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeks {
    /// A perturbation of the radius that reaches the goal; it can go on from there to the strongest one.
    Strongest,
    /// The first perturbation of the radius that reaches the goal.
    First,
    /// The smallest perturbation that reaches the goal, whatever the radius.
    Smallest,
    /// One perturbation of the radius for all pictures together.
    Shared,
}

/// A setting that changes some attacks and not others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// The loss that is maximised.
    Loss,
    /// The size of a step.
    Step,
    /// Independent random starts.
    Restarts,
    /// How far the goal is to be overshot.
    Kappa,
}

/// What an attack counts as its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A change of the perturbation, whatever it costs.
    Steps,
    /// A forward run.
    Queries,
}

impl Unit {
    /// Its name in forms.
    pub fn title(self) -> &'static str {
        match self {
            Self::Steps => "Steps",
            Self::Queries => "Queries",
        }
    }

    /// So many of it, as "1 step" or "40 steps".
    pub fn count(self, n: usize) -> String {
        let one = match self {
            Self::Steps => "step",
            Self::Queries => "query",
        };
        match (self, n) {
            (_, 1) => format!("1 {one}"),
            _ => format!("{n} {}", self.title().to_lowercase()),
        }
    }
}

/// What a step costs for each picture and start, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepCost {
    /// Gradients.
    pub gradients: usize,
    /// Forward runs besides.
    pub queries: usize,
}

impl fmt::Display for StepCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |n: usize, one: &str| match n {
            1 => format!("1 {one}"),
            n => format!("{n} {one}s"),
        };
        let gradients = count(self.gradients, "gradient");
        let queries = count(self.queries, "forward run");
        match (self.gradients, self.queries) {
            (_, 0) => f.write_str(&gradients),
            (0, _) => f.write_str(&queries),
            _ => write!(f, "{gradients}, {queries}"),
        }
    }
}

/// What an attack is made with: the settings, defaults filled in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameters {
    /// The loss that gradient attacks maximise.
    pub loss: Loss,
    /// Steps, from 1.
    pub steps: usize,
    /// Size of a step as a share of the radius.
    pub step: f32,
    /// Independent starts, from 1.
    pub restarts: usize,
    /// How far the goal is to be overshot, in the units of the scores, from 0.
    pub kappa: f32,
}

/// An attack of the list, by its description. In JSON its name.
#[derive(Clone, Copy)]
pub struct Method(pub(super) &'static Description);

impl Method {
    /// What the attack says of itself.
    pub fn description(self) -> &'static Description {
        self.0
    }

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The name in menus.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// One sentence for tooltips and `--help`.
    pub fn about(self) -> &'static str {
        self.0.about
    }

    /// Does it need gradients? The others work on any model.
    pub fn needs_gradient(self) -> bool {
        self.0.needs == Needs::Gradient
    }

    /// Is it led by forward runs alone?
    pub fn is_by_queries(self) -> bool {
        matches!(self.0.needs, Needs::Scores | Needs::Decisions)
    }

    /// Does this setting change it?
    pub fn takes(self, parameter: Parameter) -> bool {
        self.0.takes.contains(&parameter)
    }

    /// Does it work in this norm?
    pub fn works_in(self, norm: Norm) -> bool {
        self.0.norms.iter().any(|n| n.is_like(norm))
    }

    /// Does it look for the smallest perturbation, whatever the radius?
    pub fn is_minimal(self) -> bool {
        self.0.seeks == Seeks::Smallest
    }

    /// Does it look for one perturbation of all pictures?
    pub fn is_shared(self) -> bool {
        self.0.seeks == Seeks::Shared
    }

    /// Can it go on after its goal is reached, towards the strongest perturbation?
    pub fn can_go_on(self) -> bool {
        self.0.seeks == Seeks::Strongest
    }

    /// The threat model that it keeps to where `threat` is asked for: `l-inf` becomes the norm that it is made for.
    pub fn natural(self, threat: &Threat) -> Threat {
        match (self.0.linf_becomes, threat.norm) {
            (Some(norm), Norm::Linf) => Threat {
                norm,
                ..threat.clone()
            },
            _ => threat.clone(),
        }
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Method {}

impl Hash for Method {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name)
    }
}
