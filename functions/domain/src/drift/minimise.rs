//! The lowest point of a smooth function of a few variables within a box:
//! BFGS (Nocedal and Wright 2006, chapters 3 and 6) with a bracketing line
//! search.

/// Stop where no free component of the gradient is larger: as exact as doubles
/// allow.
pub const EXACT: f64 = 1e-10;
/// Where rounding lets the line search go no further, this still is a minimum.
const GRADIENT_ENOUGH: f64 = 1e-7;
const ITERATIONS_MAX: u32 = 300;
const LINE_STEPS_MAX: u32 = 40;
/// No variable moves further in one step: they are logarithms.
const MOVE_MAX: f64 = 2.0;
/// By how much of its size a value may be wrong from rounding in a long sum.
const NOISE: f64 = 1e-12;

pub type Matrix<const N: usize> = [[f64; N]; N];

/// Where the search ended.
#[derive(Clone, Copy, Debug)]
pub struct Minimum<const N: usize> {
    pub at: [f64; N],
    pub value: f64,
    /// The curvature that was learnt: a start for a search nearby.
    pub inverse_hessian: Matrix<N>,
    pub evaluations: u32,
    /// The largest free component of the gradient.
    pub gradient: f64,
    /// Which variables end at an edge of the box and would go on.
    pub at_bound: [bool; N],
}

impl<const N: usize> Minimum<N> {
    /// Whether the gradient vanishes, but for variables at the box's edge.
    pub fn has_converged(&self) -> bool {
        self.gradient <= GRADIENT_ENOUGH && self.value.is_finite()
    }
}

/// The box: the lowest and the highest value of each variable.
pub type Bounds<const N: usize> = [(f64, f64); N];

/// A point with the function's value and gradient there.
#[derive(Clone, Copy)]
struct Point<const N: usize> {
    at: [f64; N],
    value: f64,
    gradient: [f64; N],
}

struct Search<'a, const N: usize, F> {
    function: F,
    bounds: &'a Bounds<N>,
    evaluations: u32,
}

/// Minimises `function`, which gives its value and gradient, until no free
/// component of the gradient is larger than `tolerance`. What is not finite
/// counts as infinitely high.
pub fn minimise<const N: usize>(
    function: impl FnMut(&[f64; N]) -> (f64, [f64; N]),
    start: [f64; N],
    bounds: &Bounds<N>,
    curvature: Option<Matrix<N>>,
    tolerance: f64,
) -> Minimum<N> {
    let mut search = Search { function, bounds, evaluations: 0 };
    let mut at = start;
    for (value, (low, high)) in at.iter_mut().zip(bounds) {
        *value = value.clamp(*low, *high);
    }
    let mut point = search.evaluate(at);
    let mut inverse = curvature.unwrap_or_else(identity);
    let mut is_fresh = curvature.is_none();
    for _ in 0..ITERATIONS_MAX {
        if !point.value.is_finite() || search.steepness(&point) <= tolerance {
            break;
        }
        let next = search.direction(&point, &inverse).and_then(|d| search.along(&point, &d));
        match next {
            Some(next) => {
                let held = search.held(&next);
                // What was learnt holds for the variables that were free.
                if held == search.held(&point) {
                    update(&mut inverse, &point, &next, &held, is_fresh);
                    is_fresh = false;
                } else {
                    inverse = identity();
                    is_fresh = true;
                }
                point = next;
            }
            None if is_fresh => break,
            // The curvature misleads: forget it.
            None => {
                inverse = identity();
                is_fresh = true;
            }
        }
    }
    Minimum {
        at: point.at,
        value: point.value,
        inverse_hessian: inverse,
        evaluations: search.evaluations,
        gradient: search.steepness(&point),
        at_bound: search.held(&point),
    }
}

impl<const N: usize, F: FnMut(&[f64; N]) -> (f64, [f64; N])> Search<'_, N, F> {
    fn evaluate(&mut self, at: [f64; N]) -> Point<N> {
        self.evaluations += 1;
        let (value, gradient) = (self.function)(&at);
        let is_finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
        Point { at, value: if is_finite { value } else { f64::INFINITY }, gradient }
    }

    /// Whether a variable is at an edge and the way down leads out.
    fn is_held(&self, point: &Point<N>, i: usize) -> bool {
        let (low, high) = self.bounds[i];
        let slope = point.gradient[i];
        point.at[i] <= low && slope > 0.0 || point.at[i] >= high && slope < 0.0
    }

    fn held(&self, point: &Point<N>) -> [bool; N] {
        std::array::from_fn(|i| self.is_held(point, i))
    }

    fn steepness(&self, point: &Point<N>) -> f64 {
        let free = (0..N).filter(|i| !self.is_held(point, *i));
        free.map(|i| point.gradient[i].abs()).fold(0.0, f64::max)
    }

    /// The quasi-Newton direction among the free variables, `None` where it
    /// does not lead down.
    fn direction(&self, point: &Point<N>, inverse: &Matrix<N>) -> Option<[f64; N]> {
        let mut is_free: [bool; N] = std::array::from_fn(|i| !self.is_held(point, i));
        let mut direction = [0.0; N];
        // At an edge a variable may be turned out by the others' curvature:
        // then it is held as well, and the direction is found once more.
        for _ in 0..=N {
            for i in 0..N {
                let row = (0..N).filter(|j| is_free[*j]).map(|j| inverse[i][j] * point.gradient[j]);
                direction[i] = if is_free[i] { -row.sum::<f64>() } else { 0.0 };
            }
            let leaves = (0..N).find(|i| {
                let (low, high) = self.bounds[*i];
                point.at[*i] <= low && direction[*i] < 0.0
                    || point.at[*i] >= high && direction[*i] > 0.0
            });
            match leaves {
                Some(i) => is_free[i] = false,
                None => break,
            }
        }
        let longest = direction.iter().fold(0.0_f64, |longest, d| longest.max(d.abs()));
        if longest > MOVE_MAX {
            direction.iter_mut().for_each(|d| *d *= MOVE_MAX / longest);
        }
        (dot(&direction, &point.gradient) < 0.0).then_some(direction)
    }

    /// A point along a direction that is lower by enough and less steep by
    /// enough (the weak Wolfe conditions), or at the box's edge.
    fn along(&mut self, from: &Point<N>, direction: &[f64; N]) -> Option<Point<N>> {
        const LOWER: f64 = 1e-4;
        const FLATTER: f64 = 0.7;
        let slope = dot(direction, &from.gradient);
        let edge = (0..N).fold(f64::INFINITY, |edge, i| {
            let (low, high) = self.bounds[i];
            let room = if direction[i] < 0.0 { low - from.at[i] } else { high - from.at[i] };
            if direction[i] == 0.0 { edge } else { edge.min(room / direction[i]) }
        });
        let noise = NOISE * from.value.abs();
        let (mut short, mut long) = (0.0, f64::INFINITY);
        let mut step = edge.min(1.0);
        for _ in 0..LINE_STEPS_MAX {
            let next = self.evaluate(std::array::from_fn(|i| {
                let (low, high) = self.bounds[i];
                (from.at[i] + step * direction[i]).clamp(low, high)
            }));
            let next_slope = dot(direction, &next.gradient);
            if next.value.is_nan() || next.value > from.value + LOWER * step * slope + noise {
                long = step;
                // The parabola through what is known, well inside the bracket.
                let rise = next.value - from.value - step * slope;
                let guess = -slope * step * step / (2.0 * rise);
                let inside = short + 0.1 * (long - short)..short + 0.6 * (long - short);
                step = if inside.contains(&guess) { guess } else { 0.5 * (short + long) };
            } else if next_slope < FLATTER * slope && step < edge {
                short = step;
                step = if long.is_finite() { 0.5 * (short + long) } else { edge.min(3.0 * step) };
            } else {
                return Some(next);
            }
        }
        None
    }
}

/// What one step says of the curvature (Nocedal and Wright, 6.17 and 6.20).
fn update<const N: usize>(
    inverse: &mut Matrix<N>,
    from: &Point<N>,
    to: &Point<N>,
    held: &[bool; N],
    is_fresh: bool,
) {
    let among_free = |i: usize, value: f64| if held[i] { 0.0 } else { value };
    let step: [f64; N] = std::array::from_fn(|i| among_free(i, to.at[i] - from.at[i]));
    let change: [f64; N] =
        std::array::from_fn(|i| among_free(i, to.gradient[i] - from.gradient[i]));
    let curvature = dot(&step, &change);
    let size = (dot(&step, &step) * dot(&change, &change)).sqrt();
    if curvature.is_nan() || curvature <= 1e-10 * size {
        return;
    }
    if is_fresh {
        let scale = curvature / dot(&change, &change);
        *inverse = identity();
        (0..N).for_each(|i| inverse[i][i] = scale);
    }
    let moved: [f64; N] = std::array::from_fn(|i| dot(&inverse[i], &change));
    let weight = (1.0 + dot(&change, &moved) / curvature) / curvature;
    for i in 0..N {
        for j in 0..N {
            inverse[i][j] +=
                weight * step[i] * step[j] - (moved[i] * step[j] + step[i] * moved[j]) / curvature;
        }
    }
}

fn identity<const N: usize>() -> Matrix<N> {
    std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))))
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley, lowest at (1, 1).
    fn valley(at: &[f64; 2]) -> (f64, [f64; 2]) {
        let [x, y] = *at;
        let rise = y - x * x;
        let gradient = [-400.0 * x * rise - 2.0 * (1.0 - x), 200.0 * rise];
        (100.0 * rise * rise + (1.0 - x) * (1.0 - x), gradient)
    }

    #[test]
    fn a_bent_valley_is_followed_to_its_end() {
        for start in [[-1.2, 1.0], [5.0, -5.0], [0.0, 0.0], [-9.0, 9.0]] {
            let found = minimise(valley, start, &[(-10.0, 10.0); 2], None, EXACT);
            assert!(found.has_converged() && found.evaluations < 200, "{found:?}");
            assert!((found.at[0] - 1.0).abs() < 1e-8 && (found.at[1] - 1.0).abs() < 1e-8);
            assert_eq!(found.at_bound, [false, false]);
        }
    }

    #[test]
    fn an_edge_holds() {
        // Within x ≤ 0.5 the valley is lowest at (0.5, 0.25).
        let found = minimise(valley, [-1.2, 1.0], &[(-10.0, 0.5), (-10.0, 10.0)], None, EXACT);
        assert!(found.has_converged(), "{found:?}");
        assert_eq!(found.at_bound, [true, false]);
        assert!((found.at[1] - 0.25).abs() < 1e-8);
    }

    #[test]
    fn an_edge_holds_what_goes_out_and_lets_go_what_goes_in() {
        let bowl = |at: &[f64; 1]| ((at[0] - 3.0) * (at[0] - 3.0), [2.0 * (at[0] - 3.0)]);
        for (low, high, start, at, is_held) in [
            (0.0, 1.0, 0.0, 1.0, true),
            (5.0, 9.0, 9.0, 5.0, true),
            (0.0, 9.0, 0.0, 3.0, false),
            (0.0, 9.0, 9.0, 3.0, false),
            // The lowest point is at the edge, and nothing leads out.
            (3.0, 9.0, 9.0, 3.0, false),
            (0.0, 3.0, 0.0, 3.0, false),
        ] {
            let found = minimise(bowl, [start], &[(low, high)], None, EXACT);
            assert!(found.has_converged() && found.evaluations > 0, "{found:?}");
            assert!((found.at[0] - at).abs() < 1e-9, "{found:?}");
            assert_eq!(found.at_bound, [is_held], "{low} to {high}: {found:?}");
        }
    }

    /// A search is as good as it is short, and each of its parts shortens it. The
    /// functions have sums and products alone, which all machines round alike.
    #[test]
    fn each_search_takes_the_evaluations_that_it_takes() {
        // Flat far away, steep near the edge of where it is defined.
        let barrier = |at: &[f64; 2]| {
            let [x, y] = *at;
            let value = 1.0 / (x + 3.0) + x + 4.0 * (y - x) * (y - x);
            (value, [1.0 - 1.0 / ((x + 3.0) * (x + 3.0)) - 8.0 * (y - x), 8.0 * (y - x)])
        };
        // A long slope with a quartic valley across it.
        let quartic = |at: &[f64; 3]| {
            let [x, y, z] = *at;
            let (a, b) = (x + 2.0 * y - z, x - y);
            let value = a * a * a * a + b * b + 0.01 * z * z + 1e-3 * x;
            let (da, db) = (4.0 * a * a * a, 2.0 * b);
            (value, [da + db + 1e-3, 2.0 * da - db, -da + 0.02 * z])
        };
        let wide = [(-10.0, 10.0); 2];
        let narrow = [(-10.0, 0.5), (-0.1, 10.0)];
        let valleys = |bounds: &Bounds<2>| {
            [[-1.2, 1.0], [5.0, -5.0], [0.0, 0.0], [-9.0, 9.0], [0.5, 10.0]].map(|start| {
                let found = minimise(valley, start, bounds, None, EXACT);
                let again = Some(found.inverse_hessian);
                let near = minimise(valley, found.at.map(|x| x - 0.3), bounds, again, EXACT);
                (found.evaluations, near.evaluations)
            })
        };
        assert_eq!(valleys(&wide), [(54, 32), (70, 34), (39, 32), (91, 32), (62, 33)]);
        assert_eq!(valleys(&narrow), [(38, 14), (21, 13), (17, 14), (75, 14), (5, 13)]);
        let barriers = [[0.0, 0.0], [-2.9, 9.0], [9.0, -2.0], [-2.5, -2.5]]
            .map(|start| minimise(barrier, start, &[(-2.999, 10.0); 2], None, EXACT).evaluations);
        assert_eq!(barriers, [18, 24, 23, 16]);
        let quartics = [[1.0, 1.0, 1.0], [-9.0, 3.0, 5.0], [9.0, -9.0, 0.0]]
            .map(|start| minimise(quartic, start, &[(-10.0, 10.0); 3], None, EXACT).evaluations);
        assert_eq!(quartics, [49, 58, 45]);
    }

    #[test]
    fn nonsense_ends_too() {
        let found = minimise(|_: &[f64; 1]| (f64::NAN, [1.0]), [0.0], &[(-1.0, 1.0)], None, EXACT);
        assert!(!found.has_converged());
        let found = minimise(|_: &[f64; 1]| (1.0, [f64::NAN]), [0.0], &[(-1.0, 1.0)], None, EXACT);
        assert!(!found.has_converged() && found.value.is_infinite(), "{found:?}");
        let found = minimise(|x: &[f64; 1]| (-x[0], [-1.0]), [0.0], &[(-1.0, 1.0)], None, EXACT);
        assert_eq!((found.at, found.at_bound), ([1.0], [true]));
    }
}
