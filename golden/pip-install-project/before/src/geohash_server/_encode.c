#define PY_SSIZE_T_CLEAN
#include <Python.h>

static const char digits[] = "0123456789bcdefghjkmnpqrstuvwxyz";

static PyObject *encode(PyObject *self, PyObject *args)
{
    double latitude, longitude, south = -90, north = 90, west = -180, east = 180;
    int length = 9, bit, even = 1;
    char out[13] = "";

    if (!PyArg_ParseTuple(args, "dd|i", &latitude, &longitude, &length))
        return NULL;
    if (length < 1 || length > 12) {
        PyErr_SetString(PyExc_ValueError, "length must be 1 to 12");
        return NULL;
    }
    for (int i = 0; i < length; i++) {
        int value = 0;
        for (bit = 4; bit >= 0; bit--, even = !even) {
            double *low = even ? &west : &south, *high = even ? &east : &north;
            double middle = (*low + *high) / 2, x = even ? longitude : latitude;
            if (x >= middle) {
                value |= 1 << bit;
                *low = middle;
            } else {
                *high = middle;
            }
        }
        out[i] = digits[value];
    }
    return PyUnicode_FromString(out);
}

static PyMethodDef methods[] = {
    {"encode", encode, METH_VARARGS, "encode(latitude, longitude, length=9) -> str"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_encode", NULL, -1, methods};

PyMODINIT_FUNC PyInit__encode(void)
{
    return PyModule_Create(&module);
}
