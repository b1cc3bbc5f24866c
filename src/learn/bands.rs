//! Several seeds put together: means and 95 % bands.

/// A mean with the half-width of its 95 % band, over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The mean.
    pub mean: f64,
    /// Half the width: t(n - 1, 97.5 %) sd / sqrt n; `None` where one value has none.
    pub half: Option<f64>,
}

impl Band {
    /// Of these values; `None` for none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        Some(Self {
            mean,
            half: half_width(values),
        })
    }

    /// Does the band lie on one side of 0?
    pub fn is_settled(&self) -> bool {
        self.half.is_some_and(|half| self.mean.abs() > half)
    }

    /// "24.0 ± 2.1", or the mean alone.
    pub fn told(&self) -> String {
        match self.half {
            Some(half) => format!("{:.1} ± {half:.1}", self.mean),
            None => format!("{:.1}", self.mean),
        }
    }
}

/// Half the width of the 95 % band of the mean of `values`; `None` for fewer than two.
fn half_width(values: &[f64]) -> Option<f64> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let square = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    let deviation = (square / (n - 1) as f64).sqrt();
    Some(student(n - 1) * deviation / (n as f64).sqrt())
}

/// The 97.5 % point of Student's t with `freedom` degrees of freedom.
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    let beyond = |freedom: f64| {
        // The first terms of its expansion around the normal's 1.95996 (Fisher and Cornish 1960).
        let z = 1.959_963_985_f64;
        let second = 5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z;
        z + (z.powi(3) + z) / (4.0 * freedom) + second / (96.0 * freedom * freedom)
    };
    let last = TABLE.len();
    let at = freedom.clamp(1, last) - 1;
    if freedom > last {
        beyond(freedom as f64)
    } else {
        TABLE[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_that_of_students_t() {
        // Five values with standard deviation 1.5811, by hand: 2.776 x 1.5811 / sqrt 5.
        let band = Band::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((band.mean - 3.0).abs() < 1e-12);
        assert!((band.half.unwrap() - 1.962_9).abs() < 1e-3);
        assert_eq!(Band::of(&[1.0]).unwrap().half, None);
        assert!(!Band::of(&[1.0]).unwrap().is_settled());
        assert!(Band::of(&[]).is_none());
        assert!((student(31) - 2.040).abs() < 3e-3);
        assert!((student(1000) - 1.962).abs() < 1e-3);
    }
}
