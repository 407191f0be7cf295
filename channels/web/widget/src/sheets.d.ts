/** A style sheet as one string, put in by the build. */
declare module "*.css" {
  const text: string;
  export default text;
}
