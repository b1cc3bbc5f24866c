//! Convex programs over cones, by the interior-point solver Clarabel (arXiv 2405.12762).

use crate::error::{Error, Result};
use crate::task::{Task, contained};
use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT as Cone,
};

/// What the solver is asked for; it stops sooner where it gets no further.
const TOLERANCE: f64 = 1e-12;
/// Products of a factorisation at most, about: seconds for each of some twenty iterations.
const MOST_WORK: f64 = 4e9;
/// Entries of the constraints at most, about: a hundred bytes of memory for each.
const MOST_ENTRIES: usize = 1 << 23;

/// One column of a sparse matrix: rows from the first to the last, with their values.
pub(super) type Column = Vec<(usize, f64)>;

/// `min 1/2 x' P x + q . x` subject to `b - A x` in a product of cones.
#[derive(Default)]
pub(super) struct Program {
    /// The upper triangle of P, by columns; shorter than x where the rest is 0.
    pub squares: Vec<Column>,
    pub linear: Vec<f64>,
    /// A by columns.
    pub columns: Vec<Column>,
    pub bounds: Vec<f64>,
    pub cones: Vec<Cone<f64>>,
}

/// Where the solver ended: close to the optimum, but what it says of itself is not relied on.
pub(super) struct Solved {
    pub x: Vec<f64>,
    /// The multiplier of each row of A.
    pub multipliers: Vec<f64>,
}

/// Refuses what would take too long: a dense block of `rows` x `columns` in the constraints, whose shorter side is left
/// when the longer is eliminated.
///
/// # Errors
/// It is too large.
pub(super) fn bearable(rows: usize, columns: usize) -> Result<()> {
    let entries = rows.saturating_mul(columns);
    let work = entries as f64 * rows.min(columns) as f64;
    if entries <= MOST_ENTRIES && work <= MOST_WORK {
        return Ok(());
    }
    Err(Error::request(
        format!(
            "{rows} rows with {columns} values at work are too many for a maximal margin: at most {MOST_ENTRIES} entries \
             and {MOST_WORK:.0e} products in each iteration can be solved"
        ),
        "Choose fewer rows, or make the pictures smaller.",
    ))
}

/// Solves `program`.
///
/// # Errors
/// The solver refuses it or fails; cancellation, which is seen once in each iteration.
pub(super) fn solve(mut program: Program, task: &Task) -> Result<Solved> {
    task.check()?;
    let variables = program.linear.len();
    let mut squares = std::mem::take(&mut program.squares);
    squares.resize(variables, Column::new());
    let square = matrix(variables, &squares);
    let constraints = matrix(program.bounds.len(), &program.columns);
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: TOLERANCE,
        tol_gap_rel: TOLERANCE,
        tol_feas: TOLERANCE,
        ..DefaultSettings::default()
    };
    let watched = task.clone();
    let work = || {
        let Program {
            linear,
            bounds,
            cones,
            ..
        } = &program;
        DefaultSolver::new(&square, linear, &constraints, bounds, cones, settings).map(
            |mut solver| {
                solver.set_termination_callback(move |_| watched.is_cancelled());
                solver.solve();
                solver.solution
            },
        )
    };
    let solution = match contained(work) {
        Ok(Ok(solution)) => solution,
        Ok(Err(error)) => return Err(failed(&error.to_string())),
        Err(panic) => return Err(failed(&panic)),
    };
    task.check()?;
    let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());
    if solution.status == SolverStatus::NumericalError
        || !(finite(&solution.x) && finite(&solution.z))
    {
        return Err(failed(&solution.status.to_string()));
    }
    Ok(Solved {
        x: solution.x,
        multipliers: solution.z,
    })
}

fn matrix(rows: usize, columns: &[Column]) -> CscMatrix<f64> {
    let mut starts = vec![0];
    let (mut places, mut values) = (Vec::new(), Vec::new());
    for column in columns {
        for &(row, value) in column {
            places.push(row);
            values.push(value);
        }
        starts.push(places.len());
    }
    CscMatrix::new(rows, columns.len(), starts, places, values)
}

fn failed(why: &str) -> Error {
    Error::compute(
        format!("the convex solver failed: {why}"),
        "Look for rows with values far larger or smaller than the others.",
    )
}
