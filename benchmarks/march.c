/* The plain C loop that Kambin's kernel is measured against: the least trilinear field value
 * along straight paths, sampled every step from the target. Entries first .. last - 1. */
#include <math.h>
#include <stddef.h>

void march(const float *field, const long *shape, const float *entries, const float *targets,
           long n_targets, float step, long first, long last, float *found)
{
    const long row = shape[2], plane = shape[1] * shape[2];
    for (long e = first; e < last; e++) {
        for (long t = 0; t < n_targets; t++) {
            float x = targets[3 * t], y = targets[3 * t + 1], z = targets[3 * t + 2];
            float dx = entries[3 * e] - x, dy = entries[3 * e + 1] - y, dz = entries[3 * e + 2] - z;
            const float length = sqrtf(dx * dx + dy * dy + dz * dz);
            const float unit = step / fmaxf(length, step);
            float least = INFINITY;
            dx *= unit; dy *= unit; dz *= unit;
            const int samples = (int)(length / step) + 1;
            for (int n = 0; n < samples; n++) {
                const float px = x + n * dx, py = y + n * dy, pz = z + n * dz;
                const int i = (int)px, j = (int)py, k = (int)pz;
                const float fx = px - i, fy = py - j, fz = pz - k;
                const float *a = field + i * plane + j * row + k;
                const float *b = a + row, *c = a + plane, *d = a + plane + row;
                float low = a[0] + fz * (a[1] - a[0]);
                float high = b[0] + fz * (b[1] - b[0]);
                const float near = low + fy * (high - low);
                low = c[0] + fz * (c[1] - c[0]);
                high = d[0] + fz * (d[1] - d[0]);
                const float far = low + fy * (high - low);
                const float value = near + fx * (far - near);
                least = value < least ? value : least;
            }
            found[e * n_targets + t] = least;
        }
    }
}
