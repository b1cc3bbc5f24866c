//! What the program's figures mean: one table for every tooltip, each in a plain sentence with the formula's source.

use crate::attack::{Loss, Method, Norm};
use crate::compute::train::Loss as RankingLoss;
use egui::Response;

/// A term that is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// R@K.
    Recall,
    /// Rank of a right one.
    Rank,
    /// Median rank.
    MedianRank,
    /// Mean rank.
    MeanRank,
    /// Sum of recalls.
    Rsum,
    /// Sum of hinges.
    SumOfHinges,
    /// Maximum of hinges.
    MaxOfHinges,
    /// Margin.
    Margin,
    /// Median margin.
    MedianMargin,
    /// Queries that are wrong.
    Wrong,
    /// Near misses that are won.
    NearlyRight,
    /// Near misses that are lost.
    NearlyWrong,
    /// Hardest negative.
    HardestNegative,
    /// Skewness of `N_k`.
    Hubness,
    /// Items that are near nothing.
    AntiHubs,
    /// The largest `N_k`.
    LargestHub,
    /// Lift.
    Lift,
    /// Wilson's interval.
    Wilson,
    /// Threat model.
    ThreatModel,
    /// Radius of a threat model.
    Epsilon,
    /// Recall that an attack leaves.
    RobustRecall,
    /// After rounding to 8 bits.
    EightBits,
    /// Values of a model.
    Parameters,
    /// Nodes of a model.
    Operators,
    /// Version of the operators.
    OperatorSet,
    /// Time of a run.
    Forward,
    /// Time of a gradient.
    Gradient,
    /// How the gradient was checked.
    SelfCheck,
}

/// A line of the table: the term, what it is called, what it says, and where its formula is from.
struct Entry {
    term: Term,
    names: &'static [&'static str],
    says: &'static str,
    source: &'static str,
}

const fn entry(
    term: Term,
    names: &'static [&'static str],
    says: &'static str,
    source: &'static str,
) -> Entry {
    Entry {
        term,
        names,
        says,
        source,
    }
}

const VSE: &str = "Faghri et al., VSE++, arXiv 1707.05612";

static TERMS: [Entry; 28] = [
    entry(
        Term::Recall,
        &["R@K"],
        "Per cent of the queries whose right one is among the first K; a tie counts against",
        VSE,
    ),
    entry(
        Term::Rank,
        &["rank", "its rank"],
        "Place of the best right one when all candidates are sorted by score, from 1; a tie counts against",
        VSE,
    ),
    entry(
        Term::MedianRank,
        &["median rank"],
        "The middle one of the ranks of all queries, rounded down: floor(median(rank − 1)) + 1",
        VSE,
    ),
    entry(
        Term::MeanRank,
        &["mean rank"],
        "The mean of the ranks of all queries; a few lost ones move it far",
        VSE,
    ),
    entry(
        Term::Rsum,
        &["rsum"],
        "Sum of R@1, R@5 and R@10 of both directions, 600 at most",
        VSE,
    ),
    entry(
        Term::SumOfHinges,
        &["sum of hinges"],
        "What all negatives within the margin a cost: the sum of max(0, a + s − s+) in both directions, per pair",
        "VSE++ equation 3, arXiv 1707.05612",
    ),
    entry(
        Term::MaxOfHinges,
        &["maximum of hinges", "max of hinges"],
        "What the hardest negative alone costs: the largest max(0, a + s − s+) of each query, both directions, per pair",
        "VSE++ equation 4, arXiv 1707.05612",
    ),
    entry(
        Term::Margin,
        &["margin", "margin, nearest", "margin, worst"],
        "Score of the best right one less that of the hardest negative: above 0 the model is right",
        VSE,
    ),
    entry(
        Term::MedianMargin,
        &["median margin"],
        "The middle one of the margins of all queries: above 0 most are right",
        VSE,
    ),
    entry(
        Term::Wrong,
        &["wrong"],
        "Queries with a wrong candidate before or level with every right one",
        VSE,
    ),
    entry(
        Term::NearlyRight,
        &["nearly right"],
        "Wrong queries whose margin is small: a little more and they were right",
        VSE,
    ),
    entry(
        Term::NearlyWrong,
        &["nearly wrong"],
        "Right queries whose margin is small: the next candidate almost wins",
        VSE,
    ),
    entry(
        Term::HardestNegative,
        &["hardest negative", "hard negative"],
        "The wrong candidate with the highest score",
        VSE,
    ),
    entry(
        Term::Hubness,
        &["skewness of N_k", "hubness"],
        "How unevenly nearest neighbours are spread: the skewness of N_k, the number of queries that have an item among \
         their k nearest; 0 where all have alike",
        "Radovanovic et al., JMLR 11, 2010",
    ),
    entry(
        Term::AntiHubs,
        &["anti-hubs"],
        "Items that no query has among its k nearest",
        "Radovanovic et al., JMLR 11, 2010",
    ),
    entry(
        Term::LargestHub,
        &["largest N_k"],
        "Queries that have the greatest hub among their k nearest",
        "Radovanovic et al., JMLR 11, 2010",
    ),
    entry(
        Term::Lift,
        &["lift"],
        "How often one word is taken for the other, over how often it would be if both came independently; 1 is chance",
        "Brin et al., SIGMOD 1997",
    ),
    entry(
        Term::Wilson,
        &["95 % interval", "Wilson interval"],
        "The range in which the true share lies with 95 % confidence; wide where there are few queries",
        "Wilson, JASA 22, 1927",
    ),
    entry(
        Term::ThreatModel,
        &["norm", "threat model"],
        "What an adversary may change: how the size of the change is measured, and where it may be",
        "Carlini et al., arXiv 1902.06705",
    ),
    entry(
        Term::Epsilon,
        &["epsilon", "l-inf"],
        "The largest change that is allowed, in the threat model's measure; n/255 is n steps of an 8-bit picture",
        "Madry et al., arXiv 1706.06083",
    ),
    entry(
        Term::RobustRecall,
        &["robust recall"],
        "The recall that is left after an attack on just this figure; a better attack can only lower it",
        "Madry et al., arXiv 1706.06083",
    ),
    entry(
        Term::EightBits,
        &["after 8 bits"],
        "Where the picture stands once it was written as an 8-bit PNG, read again and ranked",
        "Kurakin et al., arXiv 1607.02533",
    ),
    entry(
        Term::Parameters,
        &["parameters"],
        "Values that the model's file holds and training has set",
        "ONNX specification, initializers",
    ),
    entry(
        Term::Operators,
        &["operators"],
        "Nodes of the model's graph, each one computation",
        "ONNX specification, operators",
    ),
    entry(
        Term::OperatorSet,
        &["operator set"],
        "The version of the operators that the model's file asks for",
        "ONNX specification, versioning",
    ),
    entry(
        Term::Forward,
        &["forward"],
        "Time of one picture or text through the model",
        "measured here",
    ),
    entry(
        Term::Gradient,
        &["gradient"],
        "Time of one run with the gradient by its input, and how many plain runs that is",
        "measured here",
    ),
    entry(
        Term::SelfCheck,
        &["self-check"],
        "How far the gradient is from central differences of the model along random directions",
        "Griewank and Walther, Evaluating Derivatives, 2008",
    ),
];

impl Term {
    /// Every term.
    pub fn all() -> impl Iterator<Item = Self> {
        TERMS.iter().map(|entry| entry.term)
    }

    fn entry(self) -> &'static Entry {
        TERMS.iter().find(|e| e.term == self).unwrap_or(&TERMS[0])
    }

    /// What it is called.
    pub fn names(self) -> &'static [&'static str] {
        self.entry().names
    }

    /// The tooltip: a sentence with the formula's source.
    pub fn hint(self) -> String {
        let entry = self.entry();
        sourced(entry.says, entry.source)
    }

    /// The term that a label names, as "R@5", "I→T R@1" or "anti-hubs · 3 %".
    pub fn named(label: &str) -> Option<Self> {
        let label = label.strip_prefix("I→T ").unwrap_or(label);
        let label = label.strip_prefix("T→I ").unwrap_or(label);
        let label = label.split_once(" · ").map_or(label, |(name, _)| name);
        let is_recall = |rest: &str| rest.chars().all(|c| c.is_ascii_digit());
        let label = match label.strip_prefix("R@") {
            Some(rest) if is_recall(rest) => "R@K",
            _ => label,
        };
        let is_name = |name: &&str| name.eq_ignore_ascii_case(label);
        let found = TERMS.iter().find(|e| e.names.iter().any(is_name));
        found.map(|e| e.term)
    }
}

/// A thing with a tooltip that explains a term.
pub trait Explained {
    /// Adds the tooltip of `term`.
    #[allow(clippy::return_self_not_must_use)] // as egui's own tooltips
    fn explained(self, term: Term) -> Self;
}

impl Explained for Response {
    fn explained(self, term: Term) -> Self {
        self.on_hover_text(term.hint())
    }
}

/// A sentence with its source in brackets.
fn sourced(says: &str, source: &str) -> String {
    let says = says.trim_end_matches('.');
    let mut letters = says.chars();
    let says = letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    });
    match source {
        "" => format!("{says}."),
        source => format!("{says} ({source})."),
    }
}

/// The tooltip of an attack.
pub fn attack(method: Method) -> String {
    let about = method.description();
    sourced(about.about, about.source)
}

/// The tooltip of a threat model.
pub fn threat(norm: Norm) -> String {
    let source = match norm {
        Norm::Linf => "Goodfellow et al., arXiv 1412.6572",
        Norm::L2 => "Szegedy et al., arXiv 1312.6199",
        Norm::L1 => "Chen et al., arXiv 1709.04114",
        Norm::L0 => "Papernot et al., arXiv 1511.07528",
        Norm::Fourier(_) => "Faghri et al., arXiv 2102.08868",
        Norm::Free => "Brown et al., arXiv 1712.09665",
    };
    sourced(norm.about(), source)
}

/// The tooltip of a loss that attacks climb.
pub fn attack_loss(loss: Loss) -> String {
    let source = match loss {
        Loss::Margin | Loss::TargetedMargin => "Carlini and Wagner, arXiv 1608.04644",
        Loss::CrossEntropy => "Goodfellow et al., arXiv 1412.6572",
        Loss::Dlr | Loss::TargetedDlr => "Croce and Hein, arXiv 2003.01690",
    };
    sourced(loss.about(), source)
}

/// The tooltip of a loss that heads are trained by; its sentence names the source.
pub fn ranking_loss(loss: RankingLoss) -> String {
    sourced(loss.description().about, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_one_sentence_with_a_source() {
        for term in Term::all() {
            let hint = term.hint();
            assert!(
                hint.ends_with(").") && !hint.contains(".."),
                "{term:?}: {hint}"
            );
            let says = &hint[..hint.rfind(" (").expect("a source")];
            assert!(!says.contains(". "), "{term:?} is one sentence: {hint}");
            assert_eq!(Term::named(term.names()[0]), Some(term));
        }
        assert_eq!(Term::named("R@x"), None);
    }

    #[test]
    fn attacks_threat_models_and_losses_have_sources() {
        for method in Method::all() {
            let says = attack(method);
            let baseline = method.description().source.is_empty();
            assert!(baseline || says.contains("arXiv"), "{says}");
        }
        let named = Norm::ALL
            .map(threat)
            .into_iter()
            .chain(Loss::ALL.map(attack_loss));
        named.for_each(|says| assert!(says.contains("arXiv"), "{says}"));
        for loss in RankingLoss::all() {
            let says = ranking_loss(loss);
            let sources = ["VSE++", "CLIP", "SigLIP", "FaceNet", "order embeddings"];
            assert!(sources.iter().any(|s| says.contains(s)), "{says}");
        }
    }
}
