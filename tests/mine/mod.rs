//! Hard negatives: against the plain definition over the whole matrix, and against NumPy on real embeddings.

mod command;
mod material;
mod plain;

use nearmiss::compute::{Embedded, Engine, RankOptions, Ranking};
use nearmiss::retrieval::mine::{Corpus, MineOptions, Mined, mine};
use nearmiss::retrieval::{Bounds, Doubt, PairSet, Side, Wording};
use nearmiss::task::Task;

/// Everything that mining needs, of one set.
pub struct Set {
    pub embedded: Embedded,
    pub wording: Option<Wording>,
    pub confirmed: PairSet,
    pub rejected: PairSet,
}

impl Set {
    pub fn corpus(&self) -> Corpus<'_> {
        Corpus {
            embedded: &self.embedded,
            wording: self.wording.as_ref(),
            confirmed: &self.confirmed,
            rejected: &self.rejected,
        }
    }

    pub fn rank(&self, engine: &dyn Engine, k: usize) -> Ranking {
        let options = RankOptions { k, margin: None };
        engine
            .rank(
                &self.embedded.images,
                &self.embedded.texts,
                &self.embedded.groups,
                options,
                &Task::detached(),
            )
            .expect("ranked")
    }

    /// Mines with `look` negatives per query in the ranking.
    pub fn mine(
        &self,
        engine: &dyn Engine,
        side: Side,
        options: &MineOptions,
        look: usize,
    ) -> Mined {
        let (corpus, ranking) = (self.corpus(), self.rank(engine, look));
        let bounds = Bounds::learn(&corpus, &Task::detached()).expect("learned");
        let doubt = Doubt {
            corpus: &corpus,
            ranking: &ranking,
            bounds: &bounds,
        };
        mine(
            engine,
            &corpus,
            &ranking,
            side,
            options,
            Some(&doubt),
            &Task::detached(),
        )
        .expect("mined")
    }
}

/// Query, positive, negative of every line.
pub fn triples(mined: &Mined) -> Vec<[u32; 3]> {
    (0..mined.units.len())
        .flat_map(|u| {
            let unit = mined.units[u];
            mined
                .of(u)
                .iter()
                .map(move |hit| [unit.query, unit.positive, hit.index])
        })
        .collect()
}
