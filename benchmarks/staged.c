/* The plain C loop that the staged search is measured against: every path from an entry to a
 * target, sampled through four fields from the skin inwards, all docking distances in one march.
 * Pairs that the corridor does not allow are skipped; their bits are given. Entries first .. last.
 */
#include <math.h>
#include <stddef.h>

enum { FULL, DOCKING, BONE, REMOVABLE, FIELDS };
enum { STEP, WISH_FULL, WISH_DOCKING, RADIUS, GAIN, REQUIRED, BONE_COST, BONE_LIMIT, STEP_MM,
       SPACING };
enum { PER_MM, PER_DEG, THETA_LOW, THETA_HIGH, PHI_LOW, PHI_HIGH, SIGN };
enum { MOST_STOPS = 32 };

static double beyond(double number, double low, double high)
{
    return fmax(low - number, 0.0) + fmax(number - high, 0.0);
}

void staged(const float *const *fields, const long *shape, const float *entries,
            const float *targets, long n_targets, const unsigned *bits, const double *entry_costs,
            const double *target_costs, const double *costs, const double *plan,
            const long *counts, const double *stop_costs, long stops, long first, long last,
            double *values, long *places)
{
    const long row = shape[2], plane = shape[1] * shape[2];
    const long every = counts[0], coarse = counts[1], near = counts[2] * counts[1];
    const float step = plan[STEP], radius = plan[RADIUS];
    for (long e = first; e < last; e++) {
        values[e] = -INFINITY;
        places[e] = -1;
        for (long t = 0; t < n_targets; t++) {
            const unsigned allowed = bits[e * n_targets + t];
            if (!allowed)
                continue;
            const float x = targets[3 * t], y = targets[3 * t + 1], z = targets[3 * t + 2];
            float dx = entries[3 * e] - x, dy = entries[3 * e + 1] - y, dz = entries[3 * e + 2] - z;
            const float length = sqrtf(dx * dx + dy * dy + dz * dz);
            const float unit = step / fmaxf(length, step);
            float full = plan[WISH_FULL], dock = plan[WISH_DOCKING], section = 0;
            float wide[MOST_STOPS], taken[MOST_STOPS];
            for (long j = 0; j < stops; j++) {
                wide[j] = dock;
                taken[j] = 0;
            }
            const double length_mm = length * plan[SPACING];
            double cost = entry_costs[e] + target_costs[t] + costs[PER_MM] * length_mm;
            if (costs[PER_DEG] > 0) {
                const double degrees = 180.0 / M_PI;
                cost += costs[PER_DEG] * (beyond(atan2(dx * costs[SIGN], dy) * degrees,
                                                 costs[THETA_LOW], costs[THETA_HIGH]) +
                                          beyond(asin(dz / length) * degrees, costs[PHI_LOW],
                                                 costs[PHI_HIGH]));
            }
            dx *= unit; dy *= unit; dz *= unit;
            long inside = 0;
            for (long n = (long)(length / step); n >= 0; n--) {
                const float px = x + n * dx, py = y + n * dy, pz = z + n * dz;
                const int i = (int)px, j = (int)py, k = (int)pz;
                const float fx = px - i, fy = py - j, fz = pz - k;
                const size_t at = i * plane + j * row + k;
                float value[FIELDS];
                /* Removable bone is looked at every so many samples, and near the target only. */
                const int used = n <= near && n % coarse == 0 ? FIELDS : REMOVABLE;
                for (int f = 0; f < used; f++) {
                    const float *a = fields[f] + at, *b = a + row, *c = a + plane, *d = c + row;
                    const float l0 = a[0] + fz * (a[1] - a[0]), h0 = b[0] + fz * (b[1] - b[0]);
                    const float l1 = c[0] + fz * (c[1] - c[0]), h1 = d[0] + fz * (d[1] - d[0]);
                    const float near_value = l0 + fy * (h0 - l0), far = l1 + fy * (h1 - l1);
                    value[f] = near_value + fx * (far - near_value);
                }
                full = value[FULL] < full ? value[FULL] : full;
                dock = value[DOCKING] < dock ? value[DOCKING] : dock;
                inside += value[BONE] < 0;
                if (used == FIELDS && value[REMOVABLE] < radius) {
                    const float d = fmaxf(value[REMOVABLE], -radius);
                    section += radius * radius * acosf(d / radius)
                               - d * sqrtf(radius * radius - d * d);
                }
                if (n % every == 0 && n / every < stops) {
                    wide[n / every] = dock;
                    taken[n / every] = section;
                }
            }
            const double spare = fmin(full, plan[BONE_LIMIT] - inside * plan[STEP_MM]);
            for (long j = 0; j < stops; j++) {
                const double clear = fmin(spare, wide[j]);
                if (!((allowed >> j) & 1) || clear < plan[REQUIRED])
                    continue;
                const double value = plan[GAIN] * clear - cost - stop_costs[j]
                                     - plan[BONE_COST] * taken[j];
                if (value > values[e]) {
                    values[e] = value;
                    places[e] = (e * n_targets + t) * stops + j;
                }
            }
        }
    }
}
