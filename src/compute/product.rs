//! Matrix products of blocks of rows: the one place that calls `gemm`.

/// Values of a row that are multiplied at once: `gemm` cuts longer rows by the sizes of the processor's caches, and where
/// a row is cut decides how its product is rounded.
const DEPTH: usize = 512;

/// Rows on each side from which `gemm` computes every product in the same way, and the number of products.
const ROWS: usize = 2;
const PRODUCTS: usize = 17 * 17;

/// `out = a . b^T`, row-major: `a` is `[rows, dim]`, `b` is `[columns, dim]`, `out` is `[rows, columns]`. On the thread
/// that calls it. Each product depends on its two rows alone, to the last bit: not on which rows are beside them, nor on
/// how many.
///
/// # Panics
/// Lengths that are not those of these shapes.
pub fn product(a: &[f32], b: &[f32], dim: usize, out: &mut [f32]) {
    let dim_or_one = dim.max(1);
    let (rows, columns) = (a.len() / dim_or_one, b.len() / dim_or_one);
    assert!(
        a.len() == rows * dim && b.len() == columns * dim && out.len() == rows * columns,
        "the blocks of a product do not fit together"
    );
    if rows >= ROWS && columns >= ROWS && rows * columns >= PRODUCTS {
        by_depth(a, b, dim, out);
        return;
    }
    if out.is_empty() {
        return;
    }
    // Few rows would take another kernel, which rounds otherwise: rows of zeros keep them company.
    let least = |n: usize, other: usize| n.max(ROWS).max(PRODUCTS.div_ceil(other.max(17)));
    let (tall, wide) = (least(rows, columns), least(columns, rows));
    let filled = |values: &[f32], rows: usize| {
        let mut all = vec![0.0; rows * dim];
        all[..values.len()].copy_from_slice(values);
        all
    };
    let mut all = vec![0.0; tall * wide];
    by_depth(&filled(a, tall), &filled(b, wide), dim, &mut all);
    for (to, from) in out.chunks_exact_mut(columns).zip(all.chunks_exact(wide)) {
        to.copy_from_slice(&from[..columns]);
    }
}

/// As [`product`], of enough rows, in pieces of [`DEPTH`] values.
#[allow(unsafe_code)]
fn by_depth(a: &[f32], b: &[f32], dim: usize, out: &mut [f32]) {
    let (rows, columns) = (a.len() / dim.max(1), b.len() / dim.max(1));
    assert!(
        a.len() == rows * dim && b.len() == columns * dim && out.len() == rows * columns,
        "the blocks of a product do not fit together"
    );
    for from in (0..dim).step_by(DEPTH) {
        // SAFETY: the strides address values `from..from + depth` of every row of `a` and `b`, which lie within the
        // slices, and exactly the values of `out`, whose length was just checked; `out` is borrowed mutably, so
        // nothing else reads or writes it.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                DEPTH.min(dim - from),
                out.as_mut_ptr(),
                1,
                columns as isize,
                from > 0,
                a.as_ptr().add(from),
                1,
                dim as isize,
                b.as_ptr().add(from),
                dim as isize,
                1,
                1.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}

/// Multiplications from which a product takes all threads.
const SPREAD: usize = 1 << 24;

/// What products are made of.
pub trait Number: Copy + Send + Sync + 'static {
    /// 1.
    const ONE: Self;
}

impl Number for f32 {
    const ONE: Self = 1.0;
}

impl Number for f64 {
    const ONE: Self = 1.0;
}

/// A factor of a product: a row-major matrix, or one read with rows and columns exchanged.
#[derive(Debug, Clone, Copy)]
pub struct Factor<'a, T = f32> {
    values: &'a [T],
    /// Rows, columns.
    size: [usize; 2],
    /// From one row to the next, from one column to the next.
    steps: [usize; 2],
}

impl<'a, T> Factor<'a, T> {
    /// The row-major matrix of `columns` columns.
    ///
    /// # Panics
    /// `columns` does not divide the length.
    pub fn new(values: &'a [T], columns: usize) -> Self {
        let rows = values.len() / columns.max(1);
        assert!(rows * columns == values.len(), "a factor has whole rows");
        Self {
            values,
            size: [rows, columns],
            steps: [columns, 1],
        }
    }

    /// The same transposed.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            size: [self.size[1], self.size[0]],
            steps: [self.steps[1], self.steps[0]],
            ..self
        }
    }
}

/// `out = a . b`, or with `add` `out += a . b`; `out` is row-major. Large products take all threads, small ones the
/// thread that calls.
///
/// # Panics
/// Sizes that do not fit together.
#[allow(unsafe_code)]
pub fn multiply<T: Number>(a: Factor<'_, T>, b: Factor<'_, T>, out: &mut [T], add: bool) {
    let ([rows, inner], [other, columns]) = (a.size, b.size);
    assert!(
        inner == other && out.len() == rows * columns,
        "the blocks of a product do not fit together"
    );
    let work = rows.saturating_mul(columns).saturating_mul(inner);
    // SAFETY: the steps address exactly the values of the two factors, by their making, and those of `out`, whose
    // length was just checked; `out` is borrowed mutably, so nothing else reads or writes it.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.as_mut_ptr(),
            1,
            columns as isize,
            add,
            a.values.as_ptr(),
            a.steps[1] as isize,
            a.steps[0] as isize,
            b.values.as_ptr(),
            b.steps[1] as isize,
            b.steps[0] as isize,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            if work > SPREAD {
                gemm::Parallelism::Rayon(0)
            } else {
                gemm::Parallelism::None
            },
        );
    }
}

/// `out += a^T . b` in float64: `a` is `[rows, dim]` of which columns `left` on are taken, `b` likewise from `right`
/// on; `out` is row-major `[width, other]`. On the thread that calls it.
///
/// # Panics
/// Columns beyond `dim`, or lengths that are not those of these shapes.
#[allow(unsafe_code)]
pub fn add_gram(
    rows: &[f64],
    dim: usize,
    left: usize,
    right: usize,
    out: &mut [f64],
    width: usize,
) {
    let count = rows.len() / dim.max(1);
    let other = out.len() / width.max(1);
    assert!(
        rows.len() == count * dim
            && out.len() == width * other
            && left + width <= dim
            && right + other <= dim,
        "the blocks of a Gram matrix do not fit together"
    );
    if count == 0 || out.is_empty() {
        return;
    }
    // SAFETY: columns `left..left + width` and `right..right + other` lie within the rows and `out` has one value for
    // each pair of them, as just checked; `out` is borrowed mutably, so nothing else reads or writes it.
    unsafe {
        gemm::gemm(
            width,
            other,
            count,
            out.as_mut_ptr(),
            1,
            other as isize,
            true,
            rows.as_ptr().add(left),
            dim as isize,
            1,
            rows.as_ptr().add(right),
            1,
            dim as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_definition() {
        let a = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [1.0_f32, 0.0, 2.0];
        let mut out = [0.0; 2];
        product(&a, &b, 3, &mut out);
        assert_eq!(out, [7.0, 16.0]);
    }

    #[test]
    fn a_product_depends_on_its_two_rows_alone() {
        let mut rng = fastrand::Rng::with_seed(11);
        for dim in [1, 2, 3, 8, 17, 64, 255, 512, 513, 768, 1024, 1100] {
            let (tall, wide) = (150, 300);
            let mut values =
                |rows: usize| -> Vec<f32> { (0..rows * dim).map(|_| rng.f32() - 0.5).collect() };
            let (a, b) = (values(tall), values(wide));
            let mut whole = vec![0.0; tall * wide];
            product(&a, &b, dim, &mut whole);
            for _ in 0..60 {
                let mut part = |of: usize, most: usize| {
                    let count = rng.usize(1..=of.min(most));
                    let from = rng.usize(0..=of - count);
                    from..from + count
                };
                let most = [1, 3, 20, 300];
                let (rows, columns) = (part(tall, most[dim % 4]), part(wide, most[dim / 4 % 4]));
                let mut out = vec![0.0; rows.len() * columns.len()];
                product(
                    &a[rows.start * dim..rows.end * dim],
                    &b[columns.start * dim..columns.end * dim],
                    dim,
                    &mut out,
                );
                for (i, row) in rows.clone().zip(out.chunks_exact(columns.len())) {
                    let same = &whole[i * wide + columns.start..i * wide + columns.end];
                    let bits = |row: &[f32]| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(row), bits(same), "{dim}: {rows:?} {columns:?}");
                }
            }
        }
    }

    #[test]
    fn factors_can_be_transposed_and_products_added() {
        let a = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let b = [1.0_f32, 0.0, 2.0, 1.0];
        let mut out = [10.0; 6];
        // [1 4; 2 5; 3 6] . [1 0; 2 1]
        multiply(
            Factor::new(&a, 3).transposed(),
            Factor::new(&b, 2),
            &mut out,
            true,
        );
        assert_eq!(out, [19.0, 14.0, 22.0, 15.0, 25.0, 16.0]);
    }

    #[test]
    fn a_gram_matrix_adds_to_what_is_there() {
        // Rows [1, 2, 3] and [4, 5, 6]; columns 0..1 with columns 1..3.
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut out = [100.0, 200.0];
        add_gram(&rows, 3, 0, 1, &mut out, 1);
        assert_eq!(out, [100.0 + 2.0 + 20.0, 200.0 + 3.0 + 24.0]);
    }
}
