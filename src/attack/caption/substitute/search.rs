//! The search: first order, then the model, then on from the best.

use super::{Change, Edit, Options};
use crate::attack::caption::candidates::CandidateWords;
use crate::attack::caption::guide::{Guide, unguided};
use crate::attack::caption::importance::{embed, words_of};
use crate::attack::caption::rank::{Start, Swap, by_gradient, by_turns};
use crate::attack::caption::ranked_pair::{PairRank, RankedPair, Scene};
use crate::attack::caption::words::{Word, replaced, split};
use crate::compute::Embeddings;
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::HashSet;

/// Words that are ranked anew after a round.
const ANEW: usize = 2;

/// A caption of the search, with its exchanges `(word, candidate)` in order.
#[derive(Clone)]
struct Node {
    swaps: Vec<(usize, usize)>,
    text: String,
    standing: PairRank,
    row: Embeddings,
}

/// The search as it stands.
pub(super) struct Search<'a> {
    scene: &'a Scene<'a>,
    options: &'a Options,
    pair: RankedPair<'a>,
    /// The caption's words as it was.
    words: Vec<Word>,
    pub candidates: CandidateWords<'a>,
    pub guide: Option<&'a Guide>,
    pub no_gradient: Option<String>,
    pub queries: usize,
    pub gradients: usize,
    task: &'a Task,
}

impl<'a> Search<'a> {
    /// For `(text, caption, image)`: a text, its row where it is one of the scene's, and the image's row.
    ///
    /// # Errors
    /// No word may be exchanged; there is no such image.
    pub(super) fn new(
        scene: &'a Scene<'a>,
        (text, caption, image): (&str, Option<usize>, usize),
        options: &'a Options,
        guide: Option<&'a Guide>,
        task: &'a Task,
    ) -> Result<Self> {
        let pair = RankedPair::new(scene, caption, image, options.aim)?;
        let words = words_of(text)?;
        task.begin("Gathering words", 0);
        let candidates = CandidateWords::new(scene.encoder.tokenizer(), options, &words)?;
        Ok(Self {
            scene,
            options,
            pair,
            words,
            candidates,
            guide,
            no_gradient: guide
                .is_none()
                .then(|| "no gradient was asked for".to_owned()),
            queries: 0,
            gradients: 0,
            task,
        })
    }

    /// How `text` stands, and the best edits of it.
    pub(super) fn run(&mut self, text: &str) -> Result<(PairRank, Vec<Edit>)> {
        let root = self.ask(vec![(Vec::new(), text.to_owned())])?;
        let before = root.first().map(|node| node.standing).ok_or_else(nothing)?;
        let (mut beam, mut found) = (root, Vec::new());
        for _ in 0..self.options.words.max(1) {
            let mut known = HashSet::new();
            let parents = beam.len();
            let mut children = Vec::new();
            for parent in &beam {
                self.task.check()?;
                children.extend(self.children(text, parent, parents, &mut known)?);
            }
            if children.is_empty() {
                break;
            }
            self.sort(&mut children);
            beam = children;
            beam.truncate(self.options.beam.max(self.options.shown).max(1));
            found.extend(beam.iter().cloned());
            beam.truncate(self.options.beam.max(1));
        }
        self.sort(&mut found);
        found.truncate(self.options.shown.max(1));
        Ok((before, found.iter().map(|node| self.edit(node)).collect()))
    }

    /// Captions with one more exchange than `parent`, asked of the model; `parents` captions share the queries. Those in
    /// `known` are passed over, and new ones come into it.
    fn children(
        &mut self,
        text: &str,
        parent: &Node,
        parents: usize,
        known: &mut HashSet<Vec<(usize, usize)>>,
    ) -> Result<Vec<Node>> {
        let taken = |i: usize| parent.swaps.iter().any(|(word, _)| *word == i);
        let free =
            |(i, word): (usize, &Word)| (!taken(i) && self.candidates.open(word)).then_some(i);
        let open: Vec<usize> = self.words.iter().enumerate().filter_map(free).collect();
        if self.guide.is_some() {
            match self.guided(text, parent, &open, known) {
                Ok(nodes) => return Ok(nodes),
                Err(error) => {
                    self.no_gradient = Some(unguided(error)?);
                    self.guide = None;
                }
            }
        }
        let most = (self.options.most / parents.max(1)).max(1);
        let words = split(&parent.text);
        let start = self.start(parent, &words, open);
        let (swaps, asked) = by_turns(
            self.scene,
            &self.pair,
            &start,
            &self.candidates,
            most,
            self.task,
        )?;
        self.queries += asked;
        self.exchange(text, parent, &swaps, most, known)
    }

    /// As [`Search::children`], led by the gradient. One word changes much, so the first order soon fails: the queries
    /// are spent in rounds, and after each the words of the best edits are ranked anew from where these stand.
    fn guided(
        &mut self,
        text: &str,
        parent: &Node,
        open: &[usize],
        known: &mut HashSet<Vec<(usize, usize)>>,
    ) -> Result<Vec<Node>> {
        let mut ranked = self.first_order(parent, open.to_vec())?;
        let mut nodes: Vec<Node> = Vec::new();
        let mut stood: HashSet<Vec<(usize, usize)>> = HashSet::new();
        let (rounds, top) = (self.options.rounds.max(1), self.options.top.max(1));
        for round in 1..=rounds {
            let wanted = (top * round / rounds).saturating_sub(nodes.len());
            nodes.extend(self.exchange(text, parent, &ranked, wanted, known)?);
            self.sort(&mut nodes);
            if round == rounds {
                break;
            }
            let mut words = Vec::new();
            for node in &nodes {
                let new = node.swaps.iter().find(|swap| !parent.swaps.contains(swap));
                let Some(&(word, _)) = new.filter(|(word, _)| !words.contains(word)) else {
                    continue;
                };
                words.push(word);
                if stood.insert(node.swaps.clone()) {
                    ranked.retain(|swap| swap.word != word);
                    ranked.extend(self.first_order(node, vec![word])?);
                }
                if words.len() == ANEW {
                    break;
                }
            }
            ranked.sort_by(Swap::best_first);
        }
        Ok(nodes)
    }

    /// The exchanges of the words `open` from where `node` stands, best first.
    fn first_order(&mut self, node: &Node, open: Vec<usize>) -> Result<Vec<Swap>> {
        let Some(guide) = self.guide else {
            return Ok(Vec::new());
        };
        self.task.begin("Ranking words by the gradient", 0);
        let words = split(&node.text);
        let start = self.start(node, &words, open);
        let negatives = self.options.negatives;
        let (scene, pair, candidates) = (self.scene, &self.pair, &self.candidates);
        let (swaps, runs) =
            by_gradient(scene, guide, pair, &start, candidates, negatives, self.task)?;
        self.gradients += runs;
        Ok(swaps)
    }

    fn start<'b>(&'b self, node: &'b Node, words: &'b [Word], open: Vec<usize>) -> Start<'b> {
        Start {
            text: &node.text,
            words,
            original: &self.words,
            row: &node.row,
            open,
        }
    }

    /// Asks about the first `most` of `swaps` on top of `parent` that are not `known`.
    fn exchange(
        &mut self,
        text: &str,
        parent: &Node,
        swaps: &[Swap],
        most: usize,
        known: &mut HashSet<Vec<(usize, usize)>>,
    ) -> Result<Vec<Node>> {
        let mut edits = Vec::new();
        for swap in swaps {
            if edits.len() >= most {
                break;
            }
            let mut swaps = parent.swaps.clone();
            swaps.push((swap.word, swap.candidate));
            swaps.sort_unstable();
            if known.insert(swaps.clone()) {
                let edited = self.written(text, &swaps);
                edits.push((swaps, edited));
            }
        }
        if edits.is_empty() {
            Ok(Vec::new())
        } else {
            self.ask(edits)
        }
    }

    /// Embeds captions; yields them with how they stand, best first.
    fn ask(&mut self, texts: Vec<(Vec<(usize, usize)>, String)>) -> Result<Vec<Node>> {
        let (swaps, texts): (Vec<_>, Vec<String>) = texts.into_iter().unzip();
        self.queries += texts.iter().collect::<HashSet<_>>().len();
        let rows = embed(self.scene, &texts, self.task)?;
        let standings = self.pair.standings(&rows);
        let nodes = swaps.into_iter().zip(texts).zip(standings).enumerate();
        let mut nodes: Vec<Node> = nodes
            .map(|(i, ((swaps, text), standing))| Node {
                swaps,
                text,
                standing,
                row: rows.slice(i..i + 1),
            })
            .collect();
        self.sort(&mut nodes);
        Ok(nodes)
    }

    /// Best first; of equal ones that with fewer exchanges, then in the order of words and candidates.
    fn sort(&self, nodes: &mut [Node]) {
        let gain = |node: &Node| self.pair.gain(&node.standing);
        nodes.sort_by(|a, b| {
            let simpler = a.swaps.len().cmp(&b.swaps.len());
            gain(b)
                .total_cmp(&gain(a))
                .then(simpler)
                .then_with(|| a.swaps.cmp(&b.swaps))
        });
    }

    /// The caption with `swaps`.
    fn written(&self, text: &str, swaps: &[(usize, usize)]) -> String {
        let changes: Vec<(usize, &str)> = swaps
            .iter()
            .map(|&(word, v)| (word, self.word(v)))
            .collect();
        replaced(text, &self.words, &changes)
    }

    fn word(&self, candidate: usize) -> &str {
        self.candidates
            .all
            .get(candidate)
            .map_or("", |c| c.word.as_str())
    }

    fn edit(&self, node: &Node) -> Edit {
        let change = |&(word, v): &(usize, usize)| {
            let from = self.words.get(word)?;
            Some(Change {
                word,
                start: from.span.start,
                end: from.span.end,
                from: from.text.clone(),
                to: self.word(v).to_owned(),
            })
        };
        Edit {
            text: node.text.clone(),
            changes: node.swaps.iter().filter_map(change).collect(),
            after: node.standing,
            reached: node.standing.reaches(self.options.aim),
        }
    }
}

fn nothing() -> Error {
    Error::request(
        "the caption has no word",
        "Choose a caption with at least one word.",
    )
}
